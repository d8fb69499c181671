/* The finished trials of a study with their curves, as a replay takes them. */
#ifndef UI_CLI_RECORDED_H
#define UI_CLI_RECORDED_H

#include "cli/replay.h"
#include "dialin/arena.h"
#include "dialin/space.h"

struct recorded { /* = {0} is none */
    struct dln_arena arena;
    struct replay_trial *trials; /* by number */
    size_t n, cap;
};

/* `objective`: whose values and curves. */
DLN_CHECK bool recorded_load(const char *db_path, int64_t study_id, const struct dln_space *space,
                             size_t n_objectives, size_t objective, struct recorded *out,
                             struct dln_error *err);
void recorded_release(struct recorded *recorded);

#endif
