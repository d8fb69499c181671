#include "store/time_base.h"

static const int64_t hour_us = 3600LL * 1000000;
static const int64_t slack_us =
    300LL * 1000000; /* clocks of two machines may differ by this much */

void dln_time_base_init(struct dln_time_base *base, bool is_utc)
{
    *base = (struct dln_time_base){
        .is_utc = is_utc,
        .horizon_us = dln_clock_wall_us() + slack_us,
        .cached_hour = INT64_MIN,
    };
}

int64_t dln_time_base_read(struct dln_time_base *base, const char *text)
{
    int64_t utc;
    if (!dln_time_parse(text, false, &utc)) return 0;
    if (base->is_utc && utc > base->horizon_us) base->horizon_us = dln_clock_wall_us() + slack_us;
    if (base->is_utc && utc <= base->horizon_us) return utc;
    /* the zone's rules cost a microsecond a call, and change on whole hours */
    const int64_t hour = utc / hour_us;
    if (hour != base->cached_hour) {
        int64_t local;
        if (!dln_time_parse(text, true, &local)) return 0;
        base->offset_us = utc - local;
        base->cached_hour = hour;
    }
    return utc - base->offset_us;
}

void dln_time_base_now(const struct dln_time_base *base, char out[DLN_TIME_TEXT_MAX])
{
    dln_time_format(dln_clock_wall_us(), !base->is_utc, out);
}
