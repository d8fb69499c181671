/* The inside of a dln_store, and what the files of this folder share of it. */
#ifndef DLN_STORE_HANDLE_H
#define DLN_STORE_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/store.h"
#include "store/binding.h"
#include "store/db.h"
#include "store/self.h"
#include "store/tally.h"
#include "store/time_base.h"

/* Of a row of `trials`: it only keeps the number of a deleted trial, see trash.c. */
#define DLN_SQL_IS_DELETED                                                      \
    "(state = 'FAIL' AND EXISTS (SELECT 1 FROM trial_system_attributes AS gone" \
    " WHERE gone.trial_id = trials.trial_id AND gone.key = 'dialin:deleted'))"

#define DLN_UID_MAX 40 /* 32 hexadecimal digits and change */

/* What is known of one study while the store is open. */
struct dln_study_entry {
    int64_t id;
    struct dln_tally tally;
    struct dln_study_entry *next;
};

struct dln_lease {
    int64_t study_id; /* 0: none is held */
    bool is_guest;    /* no lease: the study was joined, see guest.c */
    int lock_fd;
    char nonce[DLN_UID_MAX];
    char owner[512]; /* what its trials carry as `dialin:owner`, a guest's as `dialin:asked` */
    size_t n_objectives;
    struct dln_time_base times;
    struct dln_binding_cache binding;
    size_t finished; /* trials, since the tally was last written */
};

/* The heartbeat of an engine on another host, watched on our own clock. */
struct dln_beat_watch {
    int64_t study_id;
    char nonce[DLN_UID_MAX];
    int64_t beats, since_ns;
};

struct dln_store {
    dln_db *db;
    char *path;
    enum dln_store_mode mode;
    bool has_ours; /* our tables are there */
    bool is_utc;   /* of the file, see time_base.h */
    char reason[256];
    struct dln_self self;
    struct dln_lease lease;
    struct dln_beat_watch watch;
    struct dln_study_entry *studies;
};

/* A read-only connection's has_ours may become true when another process writes: look again. */
bool dln_store_refresh_ours(dln_store *store, struct dln_error *err);

enum dln_guard {
    DLN_GUARD_LEASE, /* this store holds the study's lease, or has joined it */
    DLN_GUARD_IDLE,  /* this store holds it, or nobody alive does */
    DLN_GUARD_NONE,  /* anybody may: posting a command */
};
/*
 * Begins a write transaction on a study, with our tables made where missing. DLN_BUSY when the
 * guard does not hold, DLN_UNSUPPORTED when the file is only for reading, DLN_NOT_FOUND when the
 * study is gone. A study_id of 0 stands for one that is about
 * to be made. After success: dln_store_commit() or dln_store_rollback().
 */
bool dln_store_begin(dln_store *store, int64_t study_id, enum dln_guard guard, bool durable,
                     struct dln_error *err);
bool dln_store_commit(dln_store *store, struct dln_error *err);
void dln_store_rollback(dln_store *store);
/* DLN_UNSUPPORTED with the reason, unless this store may write. */
bool dln_store_can_write(const dln_store *store, struct dln_error *err);

/* DLN_NOT_FOUND when there is no such study. */
bool dln_store_has_study(dln_store *store, int64_t study_id, struct dln_error *err);
/* The uid of a study ("" for a study without one), into out. */
bool dln_store_uid(dln_store *store, int64_t study_id, char out[DLN_UID_MAX],
                   struct dln_error *err);
/* How the times of a study are written. */
bool dln_store_time_base(dln_store *store, int64_t study_id, struct dln_time_base *out,
                         struct dln_error *err);
/* The number of objectives; DLN_NOT_FOUND when there is no such study. */
bool dln_store_objectives(dln_store *store, int64_t study_id, size_t *n, struct dln_error *err);
/* The id of a trial; DLN_NOT_FOUND when the study has none of this number. */
bool dln_store_find_number(dln_store *store, int64_t study_id, int64_t number, int64_t *trial_id,
                           struct dln_error *err);
/* The tally of a study, brought up to date inside the caller's transaction. */
bool dln_store_tally(dln_store *store, int64_t study_id, const struct dln_tally **out,
                     struct dln_error *err);
/* Writes it down, inside the caller's write transaction. */
bool dln_store_save_tally(dln_store *store, int64_t study_id, struct dln_error *err);
/* Who this process is, as JSON into lease.owner; a new nonce with it. */
bool dln_lease_sign(dln_store *store, struct dln_error *err);
/* Who holds the lease, by the row. Texts in the arena. */
bool dln_lease_look(dln_store *store, int64_t study_id, struct dln_arena *arena,
                    struct dln_lease_info *out, struct dln_error *err);
/* The two halves of dropping a lease. With the lock held, no other engine of this host begins. */
void dln_lease_drop_row(dln_store *store);
void dln_lease_drop_lock(dln_store *store);

#endif
