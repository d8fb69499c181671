/* What of the surroundings would hurt a study, in sentences, each with its remedy. */
#ifndef UI_DOCTOR_H
#define UI_DOCTOR_H

#include <stddef.h>

#include "dialin/arena.h"
#include "surroundings.h"

enum doctor_state {
    DOCTOR_OK,
    DOCTOR_NOTE, /* works, but worse than it could; or only together with something else */
    DOCTOR_HURTS /* a study stops, loses its trials or cannot begin */
};
const char *doctor_state_name(enum doctor_state state);

struct doctor_check {
    const char *name; /* a word */
    enum doctor_state state;
    const char *text;
    const char *remedy; /* NULL where all is well */
};

#define DOCTOR_CHECKS_MAX 16

/* The checks in a fixed order, their texts in the arena; 0: no memory. */
size_t doctor_judge(const struct surroundings *here, struct dln_arena *arena,
                    struct doctor_check out[DOCTOR_CHECKS_MAX]);

#endif
