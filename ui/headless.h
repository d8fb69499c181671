/* A program without a screen: its engines go on to their end, signals still count. */
#ifndef UI_HEADLESS_H
#define UI_HEADLESS_H

#include "dialin/wake.h"
#include "helper.h"
#include "runs.h"

/* Descriptors 0 to 2 to /dev/null, a session of its own: no terminal can reach us any more. */
void headless_detach(void);
/* Returns when the last engine is over. SIGTERM ends the trials, a second one at once. */
void headless_run(struct runs *runs, struct helper *helper, const struct dln_wake *wake,
                  void *context);

#endif
