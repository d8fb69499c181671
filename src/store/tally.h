/*
 * What a summary needs to know of a study's trials, kept current by reading only what is new.
 *
 * Finished trials are final, for Optuna as for us. So a tally counts those up to one id once, keeps
 * the unfinished ones by id, and brings itself up to date by looking those up again and reading the
 * rows above. It stays right whoever writes. The engine stores it now and then in dialin_tallies,
 * so that opening a study of 100,000 trials does not begin with a scan.
 */
#ifndef DLN_STORE_TALLY_H
#define DLN_STORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/error.h"
#include "dialin/strbuf.h"
#include "dialin/trial.h"
#include "store/db.h"
#include "store/time_base.h"

#define DLN_TALLY_BINS   10
#define DLN_TALLY_BIN_US (8640LL * 1000000) /* 2.4 hours: ten make a day */

struct dln_open_trial {
    int64_t id, number;
    enum dln_trial_state state; /* RUNNING or WAITING */
};

struct dln_tally {
    uint64_t identity; /* of the study: hash of its name and uid */
    bool is_single, maximize;
    struct dln_time_base times;

    int64_t upto_id;    /* all trials up to here are in `finished` or in `open` */
    int64_t max_number; /* -1: none */
    int64_t finished[DLN_TRIAL_STATE_COUNT];
    int64_t best_id, best_number; /* -1: none; feasible ones only */
    double best_value;
    int64_t activity_us;          /* newest start or end */
    int64_t newest_bin;           /* end / DLN_TALLY_BIN_US of the last of `bins` */
    int64_t bins[DLN_TALLY_BINS]; /* finished trials by their end, oldest first */
    size_t n_open, cap_open;
    struct dln_open_trial *open;
};

void dln_tally_init(struct dln_tally *tally, uint64_t identity, bool is_single, bool maximize,
                    bool is_utc);
void dln_tally_release(struct dln_tally *tally);
/* Inside the caller's transaction. On failure what is in it stays right, up to its own id. */
bool dln_tally_refresh(struct dln_tally *tally, dln_db *db, int64_t study_id,
                       struct dln_error *err);
int64_t dln_tally_trials(const struct dln_tally *tally);
/* Optuna takes the count of earlier rows; the larger of both is safe in a study with gaps. */
int64_t dln_tally_next_number(const struct dln_tally *tally);
/* Moves the bins on, so that the last one holds `now_us`. */
void dln_tally_roll(struct dln_tally *tally, int64_t now_us);

void dln_tally_write(const struct dln_tally *tally, struct dln_strbuf *json);
/* False, with the tally unchanged, for a text that no engine wrote. */
bool dln_tally_read(struct dln_tally *tally, const char *json, size_t len);

#endif
