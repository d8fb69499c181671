#include "cli/prepare.h"

#include <string.h>

#include "cli/locate.h"
#include "cli/report.h"
#include "dialin/exec.h"

/* Whether the stored text of the study differs from the file's. */
static bool differs(dln_store *store, int64_t study_id, const struct dln_study *file)
{
    struct dln_study *stored;
    if (!dln_store_definition(store, study_id, &stored, NULL)) return true;
    const bool same =
        stored->text_len == file->text_len && memcmp(stored->text, file->text, file->text_len) == 0;
    dln_study_free(stored);
    return !same;
}

/* Holds the lease for the length of the change, so that no engine starts in the middle of it. */
static bool apply(dln_store *store, int64_t study_id, const struct dln_study *file,
                  struct dln_error *err)
{
    if (!dln_store_take_lease(store, study_id, NULL, err)) return false;
    const bool ok = dln_store_update_study(store, study_id, file, err);
    dln_store_drop_lease(store);
    return ok;
}

static bool make_or_update(dln_store *store, const struct dln_study *file, struct prepared *out,
                           struct dln_error *err)
{
    struct dln_error why = {0};
    if (!dln_store_find_study(store, file->name, &out->study_id, &why)) {
        if (why.code != DLN_NOT_FOUND) return dln_fail(err, why.code, "%s", why.text);
        out->created = true;
        return dln_store_create_study(store, file, &out->study_id, err);
    }
    if (!dln_store_study(store, out->study_id, &out->arena, &out->summary, err)) return false;
    if (!differs(store, out->study_id, file)) return true;
    if (out->summary.lease.held && out->summary.lease.alive) {
        out->outdated = true;
        return true;
    }
    out->changed = true;
    return apply(store, out->study_id, file, err);
}

static bool prepare_file(const char *path, const char *db, const char *study_name,
                         struct prepared *out, dln_store **store, struct dln_error *err)
{
    struct dln_study *file;
    if (!dln_study_read_file(path, &file, err)) return false;
    bool ok = false;
    if (study_name && strcmp(study_name, file->name) != 0) {
        dln_fail(err, DLN_USAGE, "'%s' defines the study '%s', not '%s'", path, file->name,
                 study_name);
        goto done;
    }
    if (!dln_study_can_run(file, err) || !dln_argv_check(file, err)) goto done;
    out->db_path = db ? dln_arena_copy(&out->arena, db) : default_db_path(file, path, &out->arena);
    if (!out->db_path) {
        dln_fail(err, DLN_NOMEM, "open '%s': out of memory", path);
        goto done;
    }
    ok = dln_store_open(out->db_path, DLN_STORE_CREATE, store, err) &&
         make_or_update(*store, file, out, err);
done:
    dln_study_free(file);
    return ok;
}

bool prepare_study(const char *argument, const char *db, const char *study_name,
                   struct prepared *out, struct dln_error *err)
{
    *out = (struct prepared){0};
    dln_store *store = NULL;
    bool ok = false;
    if (is_folder(argument)) {
        (void)refuse_folder(argument, err);
    } else if (is_study_file(argument)) {
        ok = prepare_file(argument, db, study_name, out, &store, err);
    } else if (db) {
        dln_fail(err, DLN_USAGE, "--db places the database of a study file; '%s' is one already",
                 argument);
    } else {
        out->db_path = dln_arena_copy(&out->arena, argument);
        ok = out->db_path ? dln_store_open(out->db_path, DLN_STORE_READ, &store, err) &&
                                dln_store_find_study(store, study_name, &out->study_id, err)
                          : dln_fail(err, DLN_NOMEM, "open '%s': out of memory", argument);
    }
    if (ok) ok = dln_store_study(store, out->study_id, &out->arena, &out->summary, err);
    dln_store_close(store);
    if (!ok) prepared_release(out);
    return ok;
}

void prepared_release(struct prepared *prepared)
{
    if (!prepared) return;
    dln_arena_release(&prepared->arena);
    *prepared = (struct prepared){0};
}

int prepared_screen(const struct prepared *prepared, const struct app_options *looks)
{
    if (prepared->outdated) {
        say(stderr, "dialin: the study file has changed; it is applied at the next start, since "
                    "an engine is at work");
    }
    struct app_options app = *looks;
    app.path = prepared->db_path;
    app.study_id = prepared->study_id;
    app.study_name = prepared->summary.name;
    app.attach = prepared->summary.lease.held && prepared->summary.lease.alive;
    return app_run(&app);
}
