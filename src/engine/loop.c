#include "engine/loop.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "dialin/clock.h"
#include "engine/budget.h"
#include "engine/obey.h"
#include "engine/record.h"
#include "engine/recover.h"
#include "engine/refresh.h"
#include "engine/slots.h"

enum {
    CHECKPOINT_COMMITS = 1000,    /* under load */
    CHECKPOINT_IDLE_MS = 500,     /* without a commit */
    LEAVE_WITH_TROUBLE_MS = 12000 /* results that cannot be written are given up after this */
};

/* ── leaving ───────────────────────────────────────────────────────────────────────────────────*/

/* dln_engine_quit() was called, again perhaps; or the engine fails: end what runs, to be run again.
 */
static void heed_quit(struct dln_driver *driver, int quits, int64_t now_ns)
{
    const bool failing = dln_driver_is_failing(driver);
    if (quits > driver->quits) {
        if (driver->quit_ns == 0) driver->quit_ns = now_ns;
        driver->quits = quits;
        for (size_t i = 0; i < driver->n_jobs; i++) {
            dln_slots_leave(driver, driver->jobs[i], quits > 1 ? 0 : -1);
        }
    }
    if (!failing || driver->is_leaving) return;
    driver->is_leaving = true;
    if (driver->quit_ns == 0) driver->quit_ns = now_ns;
    if (driver->lets_others_end) return;
    for (size_t i = 0; i < driver->n_jobs; i++) {
        dln_slots_leave(driver, driver->jobs[i], -1);
    }
}

/* Slots that are taken by something that still runs, or whose result may yet be written. */
static size_t n_busy(const struct dln_driver *driver, int64_t now_ns)
{
    size_t n = 0;
    const bool hopeless =
        driver->is_fenced || driver->quits > 1 ||
        (driver->quit_ns > 0 && now_ns - driver->quit_ns > LEAVE_WITH_TROUBLE_MS * DLN_NS_PER_MS);
    for (size_t i = 0; i < driver->n_jobs; i++) {
        const struct dln_job *job = driver->jobs[i];
        const bool unwritten =
            job->phase == DLN_JOB_ENDED && !(hopeless && !dln_driver_is_well(driver));
        n += job->phase == DLN_JOB_ASKED || job->phase == DLN_JOB_RUNNING || unwritten;
        n += job->phase == DLN_JOB_CLAIMED && driver->quits == 0 && !dln_driver_is_failing(driver);
    }
    return n;
}

static void end(struct dln_driver *driver, enum dln_engine_outcome outcome,
                enum dln_engine_state state, const char *why)
{
    driver->is_over = true;
    driver->outcome = outcome;
    dln_driver_set_state(driver, state, why);
    if (outcome != DLN_OUTCOME_STOPPED) {
        int64_t best = -1;
        double value;
        (void)dln_ledger_best(&driver->ledger, &best, &value);
        dln_hooks_fire(driver, DLN_HOOK_FINISH, best);
    }
    if (!driver->state_unsaved || dln_driver_is_failing(driver)) return;
    driver->outcome = DLN_OUTCOME_FAILED; /* results may be missing in the file: never say done */
    (void)dln_fail(&driver->end_error, DLN_STORAGE, "the end could not be written: %.900s",
                   driver->trouble.text);
}

/* Whether it is over, when nothing runs any more. */
static void settle(struct dln_driver *driver, int64_t now_ns)
{
    const char *why;
    if (n_busy(driver, now_ns) > 0) return;
    if (dln_driver_is_failing(driver)) {
        end(driver, DLN_OUTCOME_FAILED, DLN_ENGINE_IDLE, driver->end_error.text);
    } else if (driver->quits > 0) {
        end(driver, DLN_OUTCOME_STOPPED, DLN_ENGINE_IDLE, "left");
    } else if (driver->engine_state == DLN_ENGINE_DRAINING && driver->n_jobs == 0) {
        char stopped[sizeof driver->why];
        (void)snprintf(stopped, sizeof stopped, "%s", driver->why);
        end(driver, DLN_OUTCOME_STOPPED, DLN_ENGINE_IDLE, stopped);
    } else if (driver->engine_state == DLN_ENGINE_RUNNING && driver->n_jobs == 0 &&
               dln_driver_is_well(driver)) {
        const struct dln_spent spent = dln_driver_spent(driver);
        const bool open = dln_budget_is_open(&driver->live.budget, &driver->ledger, &spent, &why);
        if (open && !(driver->is_exhausted && driver->ledger.counts[DLN_TRIAL_WAITING] == 0))
            return;
        if (open) why = "every point was tried";
        dln_driver_note(driver, "done: %s", why);
        end(driver, DLN_OUTCOME_DONE, DLN_ENGINE_DONE, why);
    }
}

/* ── looking ───────────────────────────────────────────────────────────────────────────────────*/

static void look(struct dln_driver *driver, int64_t now_ns)
{
    driver->look_ns = now_ns + DLN_LOOK_MS * DLN_NS_PER_MS;
    if (!dln_driver_is_well(driver)) return;
    if (driver->needs_resync) {
        driver->needs_resync = false; /* set again by whatever fails now */
        if (!dln_recover_resync(driver)) return;
    }
    const int64_t version = dln_store_version(driver->store);
    if (version == driver->version && driver->unanswered_id == 0) return;
    if (!dln_obey_inbox(driver) || !dln_refresh_foreign(driver)) return;
    driver->version = version;
}

/* Trials of programs that asked for them and are gone: they would hold on to the budget for ever.
 */
static void fail_lost(struct dln_driver *driver)
{
    struct dln_error err = {0};
    size_t n;
    if (!dln_driver_is_well(driver)) return;
    if (!dln_store_fail_lost(driver->store, DLN_LOST_S, &n, &err)) {
        (void)dln_driver_blame(driver, &err);
    } else if (n > 0) {
        dln_driver_committed(driver, true);
        dln_driver_note(driver, "%zu trial%s lost: asked for by a program that is gone", n,
                        n == 1 ? "" : "s");
        (void)dln_refresh_foreign(driver);
    }
}

/* Once in a while, between commits: a checkpoint beside a commit would only slow it down. */
static void keep_house(struct dln_driver *driver, int64_t now_ns)
{
    if (now_ns >= driver->beat_ns) {
        dln_driver_beat(driver, now_ns);
        fail_lost(driver);
    }
    if (driver->state_unsaved) dln_driver_save_state(driver);
    const bool idle = now_ns - driver->commit_ns > CHECKPOINT_IDLE_MS * DLN_NS_PER_MS;
    if (driver->commits == 0 || (driver->commits < CHECKPOINT_COMMITS && !idle)) return;
    if (!dln_driver_is_well(driver)) return;
    driver->commits = 0;
    dln_store_checkpoint(driver->store);
}

/* ── waiting ───────────────────────────────────────────────────────────────────────────────────*/

static int poll_ms(const struct dln_driver *driver, int64_t now_ns)
{
    int64_t next = driver->look_ns;
    const int64_t slots = dln_slots_next_ns(driver);
    const int64_t record = dln_record_next_ns(driver);
    if (slots < next) next = slots;
    if (record < next) next = record;
    if (next <= now_ns) return 0;
    return (int)((next - now_ns + DLN_NS_PER_MS - 1) / DLN_NS_PER_MS);
}

static bool room_for_fds(struct dln_driver *driver)
{
    struct dln_error err = {0};
    const size_t needed = 16 + 8 * driver->n_jobs;
    if (needed <= driver->cap_fds) return true;
    struct pollfd *fds = realloc(driver->fds, 2 * needed * sizeof *fds);
    if (!fds) {
        (void)dln_fail(&err, DLN_NOMEM, "wait for trials");
        dln_driver_give_up(driver, &err);
        return false;
    }
    driver->fds = fds;
    driver->cap_fds = 2 * needed;
    return true;
}

static void wait_and_work(const struct dln_loop *loop, int timeout_ms)
{
    struct dln_driver *driver = loop->driver;
    struct dln_error err = {0};
    if (!room_for_fds(driver)) return;
    driver->fds[0] = (struct pollfd){.fd = loop->wake->read_fd, .events = POLLIN};
    const size_t n =
        1 + dln_runner_poll(driver->runner, driver->fds + 1, driver->cap_fds - 1, &timeout_ms);
    const int ready = poll(driver->fds, (nfds_t)n, timeout_ms);
    if (ready > 0 && driver->fds[0].revents != 0) {
        dln_wake_clear(loop->wake);
        driver->look_ns = 0;
    }
    if (!dln_runner_work(driver->runner, dln_record_event, driver, &err)) {
        dln_driver_give_up(driver, &err);
    }
}

void dln_loop_run(const struct dln_loop *loop)
{
    struct dln_driver *driver = loop->driver;
    fail_lost(driver);
    while (!driver->is_over) {
        const int64_t now = dln_clock_mono_ns();
        dln_driver_account(driver, now);
        dln_driver_tend(driver, now);
        dln_record_all(driver, now);
        if (now >= driver->look_ns) look(driver, now);
        heed_quit(driver, atomic_load(loop->quits), now);
        dln_slots_check(driver, now);
        const bool more = dln_slots_fill(driver, now);
        settle(driver, now);
        dln_hooks_tend(driver, now);
        keep_house(driver, now);
        if (driver->wants_confirm && !driver->is_over && n_busy(driver, now) == 0 &&
            driver->n_jobs == 0 && driver->quits == 0 && dln_driver_is_well(driver)) {
            break; /* the engine confirms, and comes back */
        }
        if (driver->has_news && loop->notify) dln_wake_poke(loop->notify);
        driver->has_news = false;
        if (driver->is_over) break;
        if (!more) dln_slots_ask_ahead(driver);
        wait_and_work(loop, more ? 0 : poll_ms(driver, dln_clock_mono_ns()));
    }
    if (driver->is_over) dln_hooks_finish(driver, loop->quits);
}
