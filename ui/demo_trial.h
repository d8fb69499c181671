/* A training that never happens: what `dialin demo` tunes. */
#ifndef UI_DEMO_TRIAL_H
#define UI_DEMO_TRIAL_H

/*
 * `dialin --demo-trial SPEED SEED --lr=0.01 …`: prints a line an epoch, as a training script does,
 * SPEED times faster than one. Some settings run out of memory, diverge or meet a broken file.
 * Gives the exit status.
 */
int demo_trial(int argc, char **argv);

#endif
