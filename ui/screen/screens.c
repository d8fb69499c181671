#include "screen/screens.h"

#include <stddef.h>

const struct screen *screen_of(enum screen_id id)
{
    switch (id) {
    case SCREEN_HOME: return &screen_home;
    case SCREEN_LIVE: return &screen_live;
    case SCREEN_TRIALS: return &screen_trials;
    case SCREEN_TRIAL: return &screen_trial;
    case SCREEN_PLOTS: return &screen_plots;
    case SCREEN_SPACE: return &screen_space;
    case SCREEN_STRATEGY: return &screen_strategy;
    case SCREEN_GUARD: return &screen_guard;
    case SCREEN_JOURNAL: return &screen_journal;
    case SCREEN_DIAL: return &screen_dial;
    case SCREEN_NEXT: return &screen_next;
    case SCREEN_COUNT: break;
    }
    return NULL;
}
