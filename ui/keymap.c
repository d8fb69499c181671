#include "keymap.h"

#define F(n) (KEY_CODE_F1 + (n)-1)

static const struct binding bindings[] = {
    {ACTION_DOWN, {'j', KEY_CODE_DOWN}, SCOPE_ALL, HELP_MOVE, "down", "row down", false},
    {ACTION_UP, {'k', KEY_CODE_UP}, SCOPE_ALL, HELP_MOVE, "up", "row up", false},
    {ACTION_LEFT,
     {'h', KEY_CODE_LEFT},
     SCOPE_TRIAL | SCOPE_PLOTS | SCOPE_DIAL | SCOPE_STRATEGY,
     HELP_MOVE,
     "left",
     "to the left",
     false},
    {ACTION_RIGHT,
     {'l', KEY_CODE_RIGHT},
     SCOPE_TRIAL | SCOPE_PLOTS | SCOPE_DIAL | SCOPE_STRATEGY,
     HELP_MOVE,
     "right",
     "to the right",
     false},
    {ACTION_FAR_LEFT, {'H'}, SCOPE_DIAL, HELP_MOVE, "ten", "ten steps down", false},
    {ACTION_FAR_RIGHT, {'L'}, SCOPE_DIAL, HELP_MOVE, "ten", "ten steps up", false},
    {ACTION_FIRST, {'g', KEY_CODE_HOME}, SCOPE_ALL, HELP_MOVE, "first", "first", false},
    {ACTION_LAST, {'G', KEY_CODE_END}, SCOPE_ALL, HELP_MOVE, "last", "last", false},
    {ACTION_HALF_DOWN, {KEY_CTRL('D')}, SCOPE_ALL, HELP_MOVE, "half", "half a page down", false},
    {ACTION_HALF_UP, {KEY_CTRL('U')}, SCOPE_ALL, HELP_MOVE, "half", "half a page up", false},
    {ACTION_PAGE_DOWN, {KEY_CODE_PAGE_DOWN}, SCOPE_ALL, HELP_MOVE, "page", "page down", false},
    {ACTION_PAGE_UP, {KEY_CODE_PAGE_UP}, SCOPE_ALL, HELP_MOVE, "page", "page up", false},
    {ACTION_BEST,
     {'b'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_PLOTS | SCOPE_DIAL | SCOPE_TRIALS,
     HELP_MOVE,
     "best",
     "to the best trial",
     false},
    {ACTION_NEXT_PANE,
     {'\t'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_STRATEGY,
     HELP_MOVE,
     "pane",
     "next pane",
     false},
    {ACTION_PREVIOUS_PANE,
     {KEY_CODE_BACK_TAB},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_STRATEGY,
     HELP_MOVE,
     "pane",
     "previous pane",
     false},

    {ACTION_FIND,
     {'/', F(3)},
     SCOPE_HOME | SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_JOURNAL,
     HELP_FIND,
     "find",
     "find",
     false},
    {ACTION_FIND_NEXT,
     {'n'},
     SCOPE_HOME | SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_JOURNAL,
     HELP_FIND,
     "next",
     "find next",
     false},
    {ACTION_FIND_PREVIOUS,
     {'N'},
     SCOPE_HOME | SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_JOURNAL,
     HELP_FIND,
     "previous",
     "find previous",
     false},
    {ACTION_FOLLOW,
     {'F'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_FIND,
     "follow",
     "follow the newest",
     false},
    {ACTION_SORT,
     {'s', F(6)},
     SCOPE_LIVE | SCOPE_TRIALS,
     HELP_FIND,
     "sort",
     "sort by a column",
     false},
    {ACTION_REVERSE,
     {'S'},
     SCOPE_LIVE | SCOPE_TRIALS,
     HELP_FIND,
     "reverse",
     "reverse the order",
     false},
    {ACTION_FILTER,
     {'f', F(4)},
     SCOPE_TRIALS | SCOPE_JOURNAL,
     HELP_FIND,
     "filter",
     "filter, as you type",
     false},
    {ACTION_COLUMNS, {'c'}, SCOPE_TRIALS, HELP_FIND, "columns", "choose columns", false},
    {ACTION_MARK, {' '}, SCOPE_LIVE | SCOPE_TRIALS, HELP_FIND, "mark", "mark, unmark", false},
    {ACTION_MARK_ALL,
     {'*'},
     SCOPE_LIVE | SCOPE_TRIALS,
     HELP_FIND,
     "mark all",
     "mark all shown",
     false},
    {ACTION_CLEAR_MARKS,
     {127, KEY_CTRL('H')},
     SCOPE_LIVE | SCOPE_TRIALS,
     HELP_FIND,
     "unmark",
     "clear marks",
     false},

    {ACTION_ENTER,
     {'\r', '\n'},
     SCOPE_HOME | SCOPE_LIVE | SCOPE_TRIALS | SCOPE_PLOTS | SCOPE_DIAL | SCOPE_NEXT |
         SCOPE_STRATEGY | SCOPE_GUARD | SCOPE_SPACE,
     HELP_ACT,
     "open",
     "open",
     false},
    {ACTION_ACTIONS,
     {'a', F(9)},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_ACT,
     "act",
     "all actions, as a menu",
     false},
    {ACTION_NOTE,
     {'m'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_JOURNAL,
     HELP_ACT,
     "note",
     "write a note",
     true},
    {ACTION_TAG,
     {'t'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_ACT,
     "tag",
     "put a tag on, take one off",
     true},
    {ACTION_ENQUEUE,
     {'e'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_PLOTS | SCOPE_NEXT,
     HELP_ACT,
     "enqueue",
     "enqueue a copy, turned",
     false},
    {ACTION_SUGGEST,
     {'.'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS | SCOPE_PLOTS | SCOPE_DIAL,
     HELP_ACT,
     "next",
     "what comes next, queue",
     false},
    {ACTION_VALUE, {'='}, SCOPE_DIAL, HELP_ACT, "type", "type a value, or digits", false},
    {ACTION_RESET, {'r'}, SCOPE_DIAL, HELP_ACT, "reset", "as it was", false},
    {ACTION_REPLAY, {'r'}, SCOPE_STRATEGY, HELP_ACT, "replay", "the pruner on past curves", false},
    {ACTION_WRITE,
     {'w'},
     SCOPE_DIAL | SCOPE_NEXT | SCOPE_STRATEGY | SCOPE_SPACE,
     HELP_ACT,
     "enqueue",
     "enqueue this point",
     true},
    {ACTION_ADD, {'A'}, SCOPE_SPACE, HELP_ACT, "add", "add a parameter", true},
    {ACTION_DELETE,
     {'D'},
     SCOPE_NEXT | SCOPE_SPACE | SCOPE_TRIALS,
     HELP_ACT,
     "remove",
     "out of the queue",
     true},
    {ACTION_FREEZE, {'!'}, SCOPE_SPACE, HELP_ACT, "freeze", "freeze, thaw", true},
    {ACTION_NARROW, {'('}, SCOPE_SPACE, HELP_ACT, "narrow", "narrow to the best tenth", true},
    {ACTION_WIDEN, {')'}, SCOPE_SPACE, HELP_ACT, "widen", "undo the last narrowing", true},
    {ACTION_PREVIEW, {'v'}, SCOPE_SPACE, HELP_ACT, "preview", "20 samples of it", false},
    {ACTION_PRUNE,
     {'P'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_ACT,
     "prune",
     "prune (asks first)",
     true},
    {ACTION_STOP,
     {'X'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_ACT,
     "stop",
     "stop (asks first)",
     true},
    {ACTION_RETRY,
     {'R'},
     SCOPE_LIVE | SCOPE_TRIAL | SCOPE_TRIALS,
     HELP_ACT,
     "retry",
     "run again",
     true},

    {ACTION_PAUSE, {'p'}, SCOPE_STUDY, HELP_STEER, "pause", "pause, resume, start", true},
    {ACTION_MORE,
     {'+', F(8)},
     SCOPE_LIVE | SCOPE_GUARD,
     HELP_STEER,
     "worker",
     "one worker more",
     true},
    {ACTION_FEWER,
     {'-', F(7)},
     SCOPE_LIVE | SCOPE_GUARD,
     HELP_STEER,
     "worker",
     "one worker fewer",
     true},
    {ACTION_BUDGET, {'B'}, SCOPE_LIVE, HELP_STEER, "budget", "change the budget", true},
    {ACTION_CONFIRM,
     {'C'},
     SCOPE_LIVE | SCOPE_GUARD,
     HELP_STEER,
     "confirm",
     "the best on fresh seeds",
     true},
    {ACTION_TEST, {'T'}, SCOPE_GUARD, HELP_STEER, "test set", "on the test set (counted)", true},
    {ACTION_DRAIN,
     {'W'},
     SCOPE_LIVE | SCOPE_GUARD,
     HELP_STEER,
     "wrap up",
     "drain; confirm and end",
     true},
    {ACTION_UNDO, {'u'}, SCOPE_STUDY, HELP_STEER, "undo", "undo the last change", true},
    {ACTION_REDO, {'U', KEY_CTRL('R')}, SCOPE_STUDY, HELP_STEER, "redo", "redo", true},

    {ACTION_HOME, {'0'}, SCOPE_STUDY, HELP_VIEW, "home", "all studies", false},
    {ACTION_LIVE, {'1'}, SCOPE_STUDY, HELP_VIEW, "live", "live: what runs now", false},
    {ACTION_TRIALS, {'2'}, SCOPE_STUDY, HELP_VIEW, "trials", "trials: the whole table", false},
    {ACTION_PLOTS, {'3'}, SCOPE_STUDY, HELP_VIEW, "plots", "plots: nine views", false},
    {ACTION_SPACE, {'4'}, SCOPE_STUDY, HELP_VIEW, "space", "space: what is searched", false},
    {ACTION_STRATEGY, {'5'}, SCOPE_STUDY, HELP_VIEW, "strategy", "strategy and pruner", false},
    {ACTION_GUARD, {'6'}, SCOPE_STUDY, HELP_VIEW, "guard", "guard: luck, or real", false},
    {ACTION_JOURNAL, {'8'}, SCOPE_STUDY, HELP_VIEW, "journal", "journal: what was done", false},
    {ACTION_ZOOM, {'z'}, SCOPE_LIVE | SCOPE_TRIAL, HELP_VIEW, "zoom", "zoom the pane", false},
    {ACTION_PLOT_NEXT, {']'}, SCOPE_LIVE | SCOPE_PLOTS, HELP_VIEW, "plot", "next plot", false},
    {ACTION_PLOT_PREVIOUS,
     {'['},
     SCOPE_LIVE | SCOPE_PLOTS,
     HELP_VIEW,
     "plot",
     "previous plot",
     false},
    {ACTION_PARAM_NEXT, {'}'}, SCOPE_PLOTS, HELP_VIEW, "parameter", "next parameter", false},
    {ACTION_PARAM_PREVIOUS,
     {'{'},
     SCOPE_PLOTS,
     HELP_VIEW,
     "parameter",
     "previous parameter",
     false},
    {ACTION_AXES, {'x'}, SCOPE_PLOTS, HELP_VIEW, "axes", "the second axis", false},
    {ACTION_GOAL, {'o'}, SCOPE_PLOTS | SCOPE_DIAL, HELP_VIEW, "objective", "next objective", false},
    {ACTION_LOG, {'Y'}, SCOPE_PLOTS, HELP_VIEW, "log", "logarithmic values", false},
    {ACTION_PRUNED, {'i'}, SCOPE_PLOTS, HELP_VIEW, "pruned", "pruned trials in or out", false},
    {ACTION_OUTLIERS, {'v'}, SCOPE_PLOTS, HELP_VIEW, "outliers", "all values, or clipped", false},
    {ACTION_SHARE, {'K'}, SCOPE_PLOTS, HELP_VIEW, "share", "best 10, 25, 50, 100 %", false},
    {ACTION_EXPORT,
     {'E'},
     SCOPE_PLOTS | SCOPE_GUARD | SCOPE_SPACE,
     HELP_VIEW,
     "export",
     "to SVG, CSV or text",
     false},
    {ACTION_WRAP, {'v'}, SCOPE_TRIAL, HELP_VIEW, "wrap", "wrap long lines", false},
    {ACTION_STREAM, {'o'}, SCOPE_TRIAL, HELP_VIEW, "stream", "stdout or stderr", false},
    {ACTION_HELP, {'?', F(1)}, SCOPE_ALL, HELP_VIEW, "help", "this help", false},
    {ACTION_REPAINT, {KEY_CTRL('L'), F(5)}, SCOPE_ALL, HELP_VIEW, "repaint", "paint again", false},
    {ACTION_BACK, {'q'}, SCOPE_ALL, HELP_VIEW, "back", "back, leave", false},
    {ACTION_CANCEL,
     {KEY_CODE_ESC, KEY_CTRL('G')},
     SCOPE_ALL,
     HELP_VIEW,
     "back",
     "back, stays in dialin",
     false},
    {ACTION_INTERRUPT, {KEY_CTRL('C')}, SCOPE_ALL, HELP_VIEW, "quit", "close, or leave", false},
    {ACTION_QUIT, {F(10)}, SCOPE_ALL, HELP_VIEW, "quit", "leave dialin", false},
    {ACTION_SUSPEND,
     {KEY_CTRL('Z')},
     SCOPE_ALL,
     HELP_VIEW,
     "suspend",
     "suspend, fg returns",
     false},
};

const struct binding *keymap_all(size_t *n)
{
    *n = sizeof bindings / sizeof bindings[0];
    return bindings;
}

enum action keymap_action(uint32_t code, unsigned scope)
{
    if (code == KEY_CODE_NONE) return ACTION_NONE;
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++) {
        if ((bindings[i].scopes & scope) == 0) continue;
        for (int k = 0; k < BINDING_KEYS_MAX; k++) {
            if (bindings[i].key[k] == code) return bindings[i].action;
        }
    }
    return ACTION_NONE;
}

const struct binding *keymap_binding(enum action action)
{
    for (size_t i = 0; i < sizeof bindings / sizeof bindings[0]; i++) {
        if (bindings[i].action == action) return &bindings[i];
    }
    return NULL;
}

static const struct {
    enum action action;
    unsigned scope;
    const char *word, *help;
} others[] = {
    {ACTION_DOWN, SCOPE_TRIAL, "next", "next trial"},
    {ACTION_UP, SCOPE_TRIAL, "previous", "previous trial"},
    {ACTION_DOWN, SCOPE_DIAL, "down", "next parameter"},
    {ACTION_UP, SCOPE_DIAL, "up", "previous parameter"},
    {ACTION_LEFT, SCOPE_DIAL, "turn", "turn down by a step"},
    {ACTION_RIGHT, SCOPE_DIAL, "turn", "turn up by a step"},
    {ACTION_BEST, SCOPE_DIAL, "best", "values of the best"},
    {ACTION_SUGGEST, SCOPE_DIAL, "suggest", "suggest, best, default"},
    {ACTION_ENTER, SCOPE_DIAL, "enqueue", "enqueue this point"},
    {ACTION_ENTER, SCOPE_NEXT, "dial", "open it in the dial"},
    {ACTION_ENTER, SCOPE_GUARD, "trial", "open the trial"},
    {ACTION_MORE, SCOPE_GUARD, "seeds", "more runs each"},
    {ACTION_FEWER, SCOPE_GUARD, "seeds", "fewer runs each"},
    {ACTION_EXPORT, SCOPE_GUARD, "report", "report as Markdown"},
    {ACTION_ENTER, SCOPE_SPACE, "edit", "edit this parameter"},
    {ACTION_WRITE, SCOPE_SPACE, "apply", "apply all edits at once"},
    {ACTION_NOTE, SCOPE_JOURNAL, "why", "say why"},
    {ACTION_DELETE, SCOPE_SPACE, "remove", "drop this parameter"},
    {ACTION_EXPORT, SCOPE_SPACE, "editor", "the study file in $EDITOR"},
    {ACTION_UNDO, SCOPE_SPACE, "undo", "undo an edit, or a change"},
    {ACTION_UNDO, SCOPE_JOURNAL, "undo", "undo this entry"},
    {ACTION_REDO, SCOPE_JOURNAL, "redo", "redo this entry"},
    {ACTION_DELETE, SCOPE_TRIALS, "delete", "delete, to the trash"},
    {ACTION_NEXT_PANE, SCOPE_STRATEGY, "strategy/pruner", "strategy, pruner"},
    {ACTION_RIGHT, SCOPE_STRATEGY, "settings", "settings; next value"},
    {ACTION_LEFT, SCOPE_STRATEGY, "list", "back to the list"},
    {ACTION_ENTER, SCOPE_STRATEGY, "change", "settings; change a value"},
    {ACTION_WRITE, SCOPE_STRATEGY, "apply", "apply: one journal entry"},
};
enum { N_OTHERS = sizeof others / sizeof others[0] };

const char *binding_word(const struct binding *binding, unsigned scope)
{
    for (int i = 0; i < N_OTHERS; i++) {
        if (others[i].action == binding->action && others[i].scope == scope) return others[i].word;
    }
    return binding->word;
}

const char *binding_help(const struct binding *binding, unsigned scope)
{
    for (int i = 0; i < N_OTHERS; i++) {
        if (others[i].action == binding->action && others[i].scope == scope) return others[i].help;
    }
    return binding->help;
}

const char *help_group_title(enum help_group group, unsigned scope)
{
    switch (group) {
    case HELP_MOVE: return "MOVE";
    case HELP_FIND: return "FIND AND SORT";
    case HELP_ACT:
        return scope == SCOPE_HOME       ? "OPEN"
               : scope == SCOPE_SPACE    ? "EDIT THE SPACE"
               : scope == SCOPE_STRATEGY ? "CHOOSE"
                                         : "ACT ON TRIALS";
    case HELP_STEER: return "STEER THE STUDY";
    case HELP_VIEW: return "LOOK AND LEAVE";
    case HELP_GROUP_COUNT: break;
    }
    return "";
}
