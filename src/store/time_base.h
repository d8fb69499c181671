/*
 * The text of a trial's two times. Optuna up to 4.9 stores this machine's local time, later
 * releases and dialin UTC, with no mark in the file; a row from the future of a UTC file was
 * written by an older release and is local.
 */
#ifndef DLN_STORE_TIME_BASE_H
#define DLN_STORE_TIME_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include "dialin/clock.h"

struct dln_time_base {
    bool is_utc;
    int64_t horizon_us;             /* later than this is the future */
    int64_t cached_hour, offset_us; /* of the zone: local = UTC + offset */
};

void dln_time_base_init(struct dln_time_base *base, bool is_utc);
/* Wall time, UTC; 0 for what is no time. */
int64_t dln_time_base_read(struct dln_time_base *base, const char *text);
/* Now, as it is stored. */
void dln_time_base_now(const struct dln_time_base *base, char out[DLN_TIME_TEXT_MAX]);

#endif
