/* From a study file, or a database, to a tuner on the database: made, brought up to date, joined.
 */
#include <poll.h>
#include <string.h>

#include "dialin/clock.h"
#include "serve/tuner.h"

enum { MAKE_WAIT_MS = 5000, MAKE_LOOK_MS = 20 };

/*
 * A file that is there is opened as a guest. One that is not is made; another program may do the
 * same at this moment, and its half-made file is waited for.
 */
static bool open_store(const char *path, bool may_make, dln_store **out, struct dln_error *err)
{
    struct dln_error why = {0};
    const int64_t deadline = dln_clock_mono_ns() + MAKE_WAIT_MS * INT64_C(1000000);
    for (;;) {
        if (dln_store_open(path, DLN_STORE_GUEST, out, &why)) return true;
        if (!may_make) break;
        if (why.code == DLN_NOT_FOUND) {
            dln_store *made;
            if (dln_store_open(path, DLN_STORE_CREATE, &made, &why)) {
                dln_store_close(made);
                continue;
            }
        }
        if (dln_clock_mono_ns() >= deadline) break;
        if (why.code != DLN_CORRUPT && why.code != DLN_BUSY && why.code != DLN_STORAGE) break;
        (void)poll(NULL, 0, MAKE_LOOK_MS); /* the other program's commit wakes nobody */
    }
    return dln_fail(err, why.code, "%s", why.text);
}

static bool differs(dln_store *store, int64_t study_id, const struct dln_study *file)
{
    struct dln_study *stored;
    if (!dln_store_definition(store, study_id, &stored, NULL)) return true;
    const bool same =
        stored->text_len == file->text_len && memcmp(stored->text, file->text, file->text_len) == 0;
    dln_study_free(stored);
    return !same;
}

/* A changed file is applied where no engine is at work; else the study stays as it is stored. */
static bool find_or_make(dln_store *store, const struct dln_study *file, int64_t *study_id,
                         struct dln_error *err)
{
    struct dln_error why = {0};
    if (!dln_store_find_study(store, file->name, study_id, &why)) {
        if (why.code != DLN_NOT_FOUND) return dln_fail(err, why.code, "%s", why.text);
        if (dln_store_create_study(store, file, study_id, &why)) return true;
        if (why.code != DLN_REFUSED) return dln_fail(err, why.code, "%s", why.text);
        return dln_store_find_study(store, file->name, study_id, err); /* somebody was faster */
    }
    if (!differs(store, *study_id, file)) return true;
    if (!dln_store_take_lease(store, *study_id, NULL, &why)) {
        return why.code == DLN_BUSY || dln_fail(err, why.code, "%s", why.text);
    }
    const bool ok = dln_store_update_study(store, *study_id, file, err);
    dln_store_drop_lease(store);
    return ok;
}

/* The study as it is stored from now on. */
static bool join(dln_store *store, int64_t study_id, bool beats, dln_tuner **out,
                 struct dln_error *err)
{
    struct dln_study *study;
    struct dln_study_summary summary;
    struct dln_arena arena = {0};
    dln_tuner *tuner = NULL;
    bool ok = dln_store_study(store, study_id, &arena, &summary, err);
    const uint64_t seed = ok ? summary.seed : 0;
    dln_arena_release(&arena);
    ok = ok && dln_store_definition(store, study_id, &study, err) &&
         dln_tuner_make(study, seed, &tuner, err);
    if (!ok) {
        dln_store_close(store);
        return false;
    }
    if (!dln_keep_in_file(&tuner->book, store, study_id, beats, &tuner->keeper, err)) {
        dln_tuner_close(tuner);
        return false;
    }
    *out = tuner;
    return true;
}

static bool open_place(const struct dln_tuner_place *place, const struct dln_study *file,
                       dln_tuner **out, struct dln_error *err)
{
    dln_store *store;
    int64_t study_id;
    if (!open_store(place->db_path, file != NULL, &store, err)) return false;
    const bool found = file ? find_or_make(store, file, &study_id, err)
                            : dln_store_find_study(store, place->study_name, &study_id, err);
    if (found) return join(store, study_id, place->beats, out, err);
    dln_store_close(store);
    return false;
}

bool dln_tuner_open(const struct dln_tuner_place *place, dln_tuner **out, struct dln_error *err)
{
    struct dln_study *file = NULL;
    if (place->study_file) {
        if (!dln_study_read_file(place->study_file, &file, err)) return false;
        if (!dln_tuner_can_serve(file, err)) {
            dln_study_free(file);
            return false;
        }
    }
    const bool ok = open_place(place, file, out, err);
    dln_study_free(file);
    return ok;
}
