/*
 * A poke without content, between threads or from a signal handler: an eventfd (a pipe where there
 * is none). Many pokes before a look count as one. The poked side polls dln_wake_fd() for reading,
 * calls dln_wake_clear(), then looks for what is new.
 */
#ifndef DIALIN_WAKE_H
#define DIALIN_WAKE_H

#include <stdbool.h>

#include "dialin/error.h"
#include "dialin/export.h"

struct dln_wake {
    int read_fd;
    int write_fd; /* the same as read_fd for an eventfd */
};

DLN_API DLN_CHECK bool dln_wake_init(struct dln_wake *wake, struct dln_error *err);
DLN_API void dln_wake_release(struct dln_wake *wake);
/* Thread: any; safe in a signal handler; never blocks. */
DLN_API void dln_wake_poke(const struct dln_wake *wake);
DLN_API void dln_wake_clear(const struct dln_wake *wake);

#endif
