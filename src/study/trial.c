/* The names of states and reasons, each list in one place. */
#include "dialin/trial.h"

#include <string.h>

const char *dln_fail_reason_name(enum dln_fail_reason reason)
{
    static const char *const names[] = {
#define FAIL_TEXT(name, text) text,
        DLN_FAIL_REASONS(FAIL_TEXT)
#undef FAIL_TEXT
    };
    return (size_t)reason < DLN_FAIL_REASON_COUNT ? names[reason] : "unknown";
}

static const char *const state_names[] = {
#define STATE_NAME(name, word) #name,
    DLN_TRIAL_STATES(STATE_NAME)
#undef STATE_NAME
};

const char *dln_trial_state_name(enum dln_trial_state state)
{
    return (size_t)state < DLN_TRIAL_STATE_COUNT ? state_names[state] : "UNKNOWN";
}

const char *dln_trial_state_word(enum dln_trial_state state)
{
    static const char *const words[] = {
#define STATE_WORD(name, word) word,
        DLN_TRIAL_STATES(STATE_WORD)
#undef STATE_WORD
    };
    return (size_t)state < DLN_TRIAL_STATE_COUNT ? words[state] : "?";
}

bool dln_trial_state_parse(const char *name, enum dln_trial_state *out)
{
    for (size_t i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
        if (strcmp(state_names[i], name) != 0) continue;
        *out = (enum dln_trial_state)i;
        return true;
    }
    return false;
}
