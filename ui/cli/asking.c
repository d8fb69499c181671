#include "cli/asking.h"

#include <string.h>

#include "cli/locate.h"

static bool place_of_file(const struct options *options, const char *path, struct dln_arena *arena,
                          struct dln_tuner_place *place, struct dln_error *err)
{
    struct dln_study *study;
    if (!dln_study_read_file(path, &study, err)) return false;
    const char *const db = option_text(options, "db");
    const char *const wanted = option_text(options, "study");
    const bool is_named = !wanted || strcmp(wanted, study->name) == 0;
    place->study_file = path;
    place->db_path = db ? db : default_db_path(study, path, arena);
    if (!is_named) {
        dln_fail(err, DLN_USAGE, "'%s' defines the study '%s', not '%s'", path, study->name,
                 wanted);
    }
    dln_study_free(study);
    if (!is_named) return false;
    return place->db_path || dln_fail(err, DLN_NOMEM, "open '%s': out of memory", path);
}

bool tuner_of(const struct options *options, const char *argument, bool beats, dln_tuner **out,
              struct dln_error *err)
{
    struct dln_arena arena = {0};
    struct dln_tuner_place place = {.beats = beats};
    bool ok = false;
    if (is_folder(argument)) {
        dln_fail(err, DLN_USAGE, "'%s' is a folder: name a study file or a database in it",
                 argument);
    } else if (is_study_file(argument)) {
        ok = place_of_file(options, argument, &arena, &place, err);
    } else if (option_given(options, "db")) {
        dln_fail(err, DLN_USAGE, "--db places the database of a study file; '%s' is one already",
                 argument);
    } else {
        place.db_path = argument;
        place.study_name = option_text(options, "study");
        ok = true;
    }
    ok = ok && dln_tuner_open(&place, out, err);
    dln_arena_release(&arena);
    return ok;
}
