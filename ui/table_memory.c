#include "table_memory.h"

#include <stdlib.h>
#include <string.h>

#include "state_folder.h"

enum { TABLES_MAX = 1000 };

static const char file[] = "tables.json";
static const char history_key[] = "history"; /* no path: those begin with '/' */

struct memory_job {
    struct job job;
    char *path;
    int64_t study_id;
    json_t *table, *history;
    table_recalled *recalled;
};

static void free_memory(struct job *job)
{
    struct memory_job *memory = (struct memory_job *)job;
    free(memory->path);
    json_decref(memory->table);
    json_decref(memory->history);
    free(memory);
}

static struct memory_job *make_job(const struct view *view)
{
    struct memory_job *memory = view->session.path ? calloc(1, sizeof *memory) : NULL;
    if (!memory) return NULL;
    memory->path = strdup(view->session.path);
    memory->study_id = view->session.study_id;
    if (memory->path) return memory;
    free(memory);
    return NULL;
}

static void run_load(struct job *job)
{
    struct memory_job *memory = (struct memory_job *)job;
    struct dln_strbuf key = {0};
    json_t *all = state_read(file);
    if (all && state_study_key(&key, memory->path, memory->study_id)) {
        memory->table = json_incref(json_object_get(all, dln_strbuf_text(&key)));
        memory->history = json_incref(json_object_get(all, history_key));
    }
    json_decref(all);
    dln_strbuf_release(&key);
}

static void load_done(struct job *job, void *context)
{
    struct memory_job *memory = (struct memory_job *)job;
    struct view *view = context;
    if (view->session.path && view->session.study_id == memory->study_id &&
        strcmp(view->session.path, memory->path) == 0) {
        memory->recalled(view, memory->table, memory->history);
    }
    free_memory(job);
}

void table_memory_load(struct view *view, table_recalled *recalled)
{
    struct memory_job *memory = make_job(view);
    if (!memory) return;
    memory->job = (struct job){.run = run_load, .done = load_done, .drop = free_memory};
    memory->recalled = recalled;
    helper_submit(view->helper, &memory->job);
}

static void run_save(struct job *job)
{
    struct memory_job *memory = (struct memory_job *)job;
    struct dln_strbuf key = {0};
    json_t *all = state_read(file);
    if (!all || json_object_size(all) > TABLES_MAX) {
        json_decref(all);
        all = json_object();
    }
    if (all && state_study_key(&key, memory->path, memory->study_id)) {
        (void)json_object_set(all, dln_strbuf_text(&key), memory->table);
        if (memory->history) (void)json_object_set(all, history_key, memory->history);
        (void)state_write(file, all);
    }
    json_decref(all);
    dln_strbuf_release(&key);
}

static void save_done(struct job *job, void *context)
{
    (void)context;
    free_memory(job);
}

void table_memory_save(struct view *view, json_t *table, json_t *history)
{
    struct memory_job *memory = make_job(view);
    if (!memory) {
        json_decref(table);
        json_decref(history);
        return;
    }
    memory->job = (struct job){.run = run_save, .done = save_done, .drop = free_memory};
    memory->table = table;
    memory->history = history;
    helper_submit(view->helper, &memory->job);
}
