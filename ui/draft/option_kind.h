/* From what is known of an option to a range worth searching, or a reason to leave it alone. */
#ifndef UI_DRAFT_OPTION_KIND_H
#define UI_DRAFT_OPTION_KIND_H

#include <stdbool.h>

#include "dialin/arena.h"
#include "dialin/space.h"
#include "draft/help_text.h"

enum guess_kind {
    GUESS_PARAM, /* *out is filled */
    GUESS_SEED,  /* {seed} goes there */
    GUESS_LEAVE  /* `why` says why */
};

struct guess {
    enum guess_kind kind;
    struct dln_param param;
    const char *why; /* of the range, or of leaving it out */
};

/* `wanted`: somebody has named it, so only what cannot be known is left out. False: no memory. */
bool guess_option(const struct help_option *option, bool wanted, struct dln_arena *arena,
                  struct guess *out);
/* "1e-5..0.1 log", "1..8", "a|b|c", "flag", as typed; DLN_USAGE says what would be right. */
DLN_CHECK bool guess_typed(const char *name, const char *range, struct dln_arena *arena,
                           struct dln_param *out, struct dln_error *err);

#endif
