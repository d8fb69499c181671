/*
 * What the looking commands print, at the end of their --help and in the manual page: calls, each
 * with its output, of the study in tests/integration/manual.sh, in the C locale, 80 columns wide.
 * That test runs them.
 */
#include "cli/examples.h"

#include <string.h>

static const struct example examples[] = {
    {"ls", "ls",
     "STUDY  STATE  TRIALS  BEST  SEEN     FILE\n"
     "bowl   done   15/100     0  53s ago  bowl.db\n"},
    {"show", "show bowl.db",
     "bowl: done: every point was tried\n"
     "  objective    minimize loss\n"
     "  trials       15 of 100: 15 ok\n"
     "  best         loss 0, trial #13\n"
     "  strategy     grid\n"
     "  parallel     1\n"
     "  run time     0.0s\n"
     "  made         22:24:03\n"
     "  last change  22:24:03\n"
     "  file         bowl.db\n"
     "\n"
     "  PARAMETER  KIND    RANGE      ONLY WHEN\n"
     "  x          int     1 .. 5\n"
     "  batch      choice  8, 16, 32\n"},
    {"trials", "trials bowl.db --sort loss --limit 3",
     "number  state  loss  x  batch  duration  detail\n"
     "    13  ok     0.00  3  16         0.0s\n"
     "     0  ok     1.00  4  16         0.0s\n"
     "     5  ok     1.00  2  16         0.0s\n"},
    {"trials", "trials bowl.db --reverse --limit 2 --columns number,loss,x --csv",
     "number,loss,x\n"
     "14,5,2\n"
     "13,0,3\n"},
    {"best", "best bowl.db",
     "bowl: best loss 0, trial #13 (0.0s)\n"
     "\n"
     "  x      3\n"
     "  batch  16\n"
     "\n"
     "  sh bowl.sh 3 16\n"},
    {"plot", "plot bowl.db history --rows 8 --cols 50",
     "  |  '  '\n"
     " 5|..  . .\n"
     "  | . ..\n"
     "  |   . .\n"
     " 0|'''''':'''''''''''.............................\n"
     "  `0----------------------50-------------------100\n"
     " Best 0 at #13. Improved 1 time, last 1 trial ago\n"
     " (0.1 x the median gap).\n"},
    {"compare", "compare bowl.db 13 3",
     "bowl\n"
     "\n"
     "            #13                           #3                            change\n"
     "loss        0                             5                             +5 worse\n"
     "x           3                             5                             +2\n"
     "batch       16                            8\n"
     "why         grid: point 14 of 15, shuf..  grid: point 4 of 15, shuff..\n"
     "duration_s  0.0s                          0.0s\n"
     "\n"
     "the same: state, strategy\n"},
    {"importance", "importance bowl.db",
     "bowl: what loss depends on (ped-anova, 15 trials)\n"
     "\n"
     "x      58 %  ###########  30 % .. 94 %  best at 3; most of the best 4 at 3\n"
     "batch  42 %  ########     6 % .. 70 %   by median 16 (5) before 8 (5) before 3..\n"
     "\n"
     "The range is what the share becomes when each fifth of the trials is left out.\n"
     "Ranges overlap: more trials may change the order.\n"},
    {"log", "log bowl.db --limit 2",
     "ID  TIME      WHO     COMMAND  STATE  WHAT\n"
     " 3  22:24:03  engine  note     done   new best #13 0 (was 1)\n"
     " 4  22:24:03  engine  note     done   done: every point was tried\n"},
    {"logs", "logs bowl.db 3", "loss 5\n"},
    {"cmd", "cmd bowl.db 3", "sh bowl.sh 5 8\n"},
    {"watch", "watch bowl.db --once",
     "bowl: 15 of 100 trials: 15 ok; best loss 0 (#13); done: every point was tried\n"},
    {"wait", "wait bowl.db --until 'ok >= 10 and best < 1'",
     "bowl: 15 of 100 trials: 15 ok; best loss 0 (#13); done: every point was tried\n"},
    {"peek", "peek bowl.db", "every point has been tried\n"},
    {"what-if", "what-if curve/curve.db --pruner 'median startup=4'",
     "median startup=4 on the curves of 16 trials:\n"
     "  pruned      4 of 16 trials\n"
     "  time saved  0.0s of 0.0s (10 %), 9 of 64 steps\n"
     "  good lost   0 of the 2 best (top 10 %)\n"
     "  best        #8 is kept\n"},
    {"trash", "delete bowl.db 14 --count 1", "deleted #14\n"},
    {"trash", "trash bowl.db",
     "number  state  deleted   by\n"
     "    14  ok     22:24:03  me\n"},
    {"trash", "restore bowl.db 14", "restored #14\n"},
    {0},
};

const struct example *example_of(const char *command, const struct example *after)
{
    for (const struct example *e = after ? after + 1 : examples; e->command; e++) {
        if (strcmp(e->command, command) == 0) return e;
    }
    return NULL;
}
