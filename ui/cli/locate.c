#include "cli/locate.h"

#include <string.h>
#include <sys/stat.h>

#include "dialin/num.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

bool is_study_file(const char *path)
{
    return ends_with(path, ".yaml") || ends_with(path, ".yml");
}

bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

bool refuse_folder(const char *path, struct dln_error *err)
{
    return dln_fail(err, DLN_USAGE, "'%s' is a folder: name a study file or a database in it",
                    path);
}

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

/* The folder part with its last '/', "" for a bare name. */
static const char *folder_of(const char *path, struct dln_arena *arena)
{
    const char *const slash = strrchr(path, '/');
    return dln_arena_copy_len(arena, path, slash ? (size_t)(slash - path) + 1 : 0);
}

const char *default_db_path(const struct dln_study *study, const char *yaml_path,
                            struct dln_arena *arena)
{
    char *const name = dln_arena_copy(arena, study->name);
    const char *const folder = folder_of(yaml_path, arena);
    if (!name || !folder) return NULL;
    for (char *slash = strchr(name, '/'); slash; slash = strchr(slash, '/'))
        *slash = '_';
    return dln_arena_printf(arena, "%s%s.db", folder, name);
}

bool follow_study_file(const char *path, struct dln_arena *arena, const char **db_path,
                       const char **name, struct dln_error *err)
{
    struct dln_study *study;
    if (!dln_study_read_file(path, &study, err)) return false;
    *db_path = default_db_path(study, path, arena);
    if (!*name) *name = dln_arena_copy(arena, study->name);
    dln_study_free(study);
    if (!*db_path || !*name) return dln_fail(err, DLN_NOMEM, "open '%s': out of memory", path);
    if (exists(*db_path)) return true;
    return dln_fail(err, DLN_NOT_FOUND,
                    "'%s' has no database '%s' yet: dialin run %s starts it; one at another place "
                    "is named instead of the study file",
                    path, *db_path, path);
}

bool opened_infer(struct opened *opened, struct dln_error *err)
{
    opened->space = &opened->inferred;
    opened->is_sampled = false;
    return dln_store_infer_space(opened->store, opened->summary.id, &opened->arena,
                                 &opened->inferred, err);
}

static bool read_definition(struct opened *out, bool at_once, struct dln_error *err)
{
    struct dln_error why = {0};
    if (dln_store_definition(out->store, out->summary.id, &out->def, &why)) {
        out->space = &out->def->space;
        return true;
    }
    if (why.code == DLN_NOMEM || why.code == DLN_STORAGE || why.code == DLN_BUSY) {
        return dln_fail(err, why.code, "%s", why.text);
    }
    /* none, or one that this release does not read: the trials still tell what was searched */
    if (!at_once) return opened_infer(out, err);
    out->space = &out->inferred;
    return dln_store_sample_space(out->store, out->summary.id, &out->arena, &out->inferred,
                                  &out->is_sampled, err);
}

static bool read_study(struct opened *out, int64_t study_id, bool at_once, struct dln_error *err)
{
    if (at_once) return dln_store_study_head(out->store, study_id, &out->arena, &out->summary, err);
    return dln_store_study(out->store, study_id, &out->arena, &out->summary, err);
}

static bool find_study(dln_store *store, const char *name, int64_t *study_id, struct dln_error *err)
{
    struct dln_error why = {0};
    if (dln_store_find_study(store, name, study_id, &why)) return true;
    return dln_fail(err, why.code, "%s%s", why.text,
                    why.code == DLN_USAGE ? "; --study NAME does" : "");
}

/* study_id < 0: by name; NULL: the only one. */
static bool open_database(const char *db_path, int64_t study_id, const char *name,
                          enum dln_store_mode mode, bool at_once, struct opened *out,
                          struct dln_error *err)
{
    *out = (struct opened){0};
    out->db_path = dln_arena_copy(&out->arena, db_path);
    if (!out->db_path) return dln_fail(err, DLN_NOMEM, "open '%s': out of memory", db_path);
    if (!dln_store_open(db_path, mode, &out->store, err)) goto fail;
    if (study_id < 0 && !find_study(out->store, name, &study_id, err)) goto fail;
    if (!read_study(out, study_id, at_once, err)) goto fail;
    if (!read_definition(out, at_once, err)) goto fail;
    return true;
fail:
    opened_release(out);
    return false;
}

bool opened_by_id(const char *db_path, int64_t study_id, enum dln_store_mode mode,
                  struct opened *out, struct dln_error *err)
{
    return open_database(db_path, study_id, NULL, mode, false, out, err);
}

static bool open_argument(const struct options *options, const char *argument,
                          enum dln_store_mode mode, bool at_once, struct opened *out,
                          struct dln_error *err)
{
    if (is_folder(argument)) return refuse_folder(argument, err);
    const char *name = option_text(options, "study");
    if (!is_study_file(argument)) {
        return open_database(argument, -1, name, mode, at_once, out, err);
    }

    struct dln_arena arena = {0};
    const char *db_path;
    const bool ok = follow_study_file(argument, &arena, &db_path, &name, err) &&
                    open_database(db_path, -1, name, mode, at_once, out, err);
    dln_arena_release(&arena);
    return ok;
}

bool opened_study(const struct options *options, const char *argument, enum dln_store_mode mode,
                  struct opened *out, struct dln_error *err)
{
    return open_argument(options, argument, mode, false, out, err);
}

bool opened_glance(const struct options *options, const char *argument, struct opened *out,
                   struct dln_error *err)
{
    return open_argument(options, argument, DLN_STORE_READ, true, out, err);
}

bool opened_refresh(struct opened *opened, struct dln_error *err)
{
    return dln_store_study(opened->store, opened->summary.id, &opened->arena, &opened->summary,
                           err);
}

void opened_release(struct opened *opened)
{
    if (!opened) return;
    dln_study_free(opened->def);
    dln_store_close(opened->store);
    dln_arena_release(&opened->arena);
    *opened = (struct opened){0};
}

bool parse_trial_number(const char *text, int64_t *number, struct dln_error *err)
{
    const char *const digits = text[0] == '#' ? text + 1 : text;
    if (dln_num_parse_int(digits, strlen(digits), number) && *number >= 0) return true;
    return dln_fail(err, DLN_USAGE, "'%s' is no trial number: trials are numbered from 0", text);
}

bool opened_trial(struct opened *opened, const char *text, struct dln_trial *out,
                  struct dln_error *err)
{
    int64_t number;
    return parse_trial_number(text, &number, err) && opened_number(opened, number, out, err);
}

bool opened_number(struct opened *opened, int64_t number, struct dln_trial *out,
                   struct dln_error *err)
{
    if (!dln_store_trial(opened->store, opened->summary.id, opened->space,
                         opened->summary.n_objectives, number, &opened->arena, out, err)) {
        return false;
    }
    if (!opened->is_sampled || !out->has_strangers) return true;
    return opened_infer(opened, err) &&
           dln_store_trial(opened->store, opened->summary.id, opened->space,
                           opened->summary.n_objectives, number, &opened->arena, out, err);
}

const char *opened_run_dir(struct opened *opened, const struct dln_trial *trial)
{
    if (!trial->run_dir || trial->run_dir[0] == '\0') return NULL;
    if (trial->run_dir[0] == '/') return trial->run_dir;
    const char *const folder = folder_of(opened->db_path, &opened->arena);
    return folder ? dln_arena_printf(&opened->arena, "%s%s", folder, trial->run_dir) : NULL;
}
