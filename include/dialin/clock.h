/* Monotonic time for deadlines, wall time for records. Wall time never decides anything. */
#ifndef DIALIN_CLOCK_H
#define DIALIN_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/export.h"

DLN_API int64_t dln_clock_mono_ns(void); /* does not jump, does not count suspend */
DLN_API int64_t dln_clock_wall_us(void); /* since 1970, UTC */

#define DLN_TIME_TEXT_MAX 32

/* "2026-11-24 15:38:40.123456", in UTC or in this machine's zone. Returns its length. */
DLN_API size_t dln_time_format(int64_t wall_us, bool local, char out[DLN_TIME_TEXT_MAX]);

/*
 * Reads what dln_time_format() writes, and kin: 'T' in the middle, no fraction, 1 to 9 fraction
 * digits, a trailing 'Z' or '+00:00'. `local`: the text is in this machine's zone.
 */
DLN_API bool dln_time_parse(const char *text, bool local, int64_t *wall_us);

#endif
