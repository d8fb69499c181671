/*
 * SET_SPACE: from the next ask another space. Its edits apply together or not at all. The strategy
 * learns all trials again in the new space; trials that run go on with what they began with.
 */
#include <stdlib.h>

#include "dialin/space_plan.h"
#include "engine/obey.h"

/* Not the driver's fault: the edits cannot be, or not now. */
static bool is_refusal(const struct dln_error *err)
{
    return err->code == DLN_INVALID || err->code == DLN_REFUSED || err->code == DLN_UNSUPPORTED ||
           err->code == DLN_USAGE;
}

static void fail(struct dln_driver *driver, const struct dln_error *err, struct dln_reply *reply)
{
    if (is_refusal(err)) {
        dln_reply_refuse(reply, "%s", err->text);
    } else {
        (void)dln_driver_blame(driver, err);
    }
}

/* Whether the strategy can work in it; what it says is for people. */
static bool suits(struct dln_driver *driver, const struct dln_study *study, struct dln_reply *reply)
{
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    const bool ok = dln_proposer_new(study, driver->seed, &proposer, &err);
    if (!ok) dln_reply_refuse(reply, "the strategy cannot go on with that: %s", err.text);
    dln_proposer_free(proposer);
    return ok;
}

/* The old study stays for what runs by it. */
static bool retire(struct dln_driver *driver, struct dln_error *err)
{
    struct dln_generation *old = realloc(driver->old, (driver->n_old + 1) * sizeof *old);
    if (!old) return dln_fail(err, DLN_NOMEM, "take over a space");
    driver->old = old;
    old[driver->n_old++] =
        (struct dln_generation){.study = driver->study, .config = driver->config};
    return true;
}

/* The engine goes on in the space that the file has now. False: it ends. */
static bool take_over(struct dln_driver *driver, struct dln_error *err)
{
    struct dln_study *study = NULL;
    dln_config *config = NULL;
    dln_proposer *proposer = NULL;
    bool ok = dln_store_definition(driver->store, driver->study_id, &study, err);
    if (ok && driver->is_engine) {
        ok = dln_config_new(study, &config, err) &&
             dln_proposer_new(study, driver->seed, &proposer, err);
    }
    ok = ok && retire(driver, err);
    if (!ok) {
        dln_proposer_free(proposer);
        dln_config_free(config);
        dln_study_free(study);
        return false;
    }
    driver->study = study;
    driver->config = config;
    if (!driver->is_engine) return true;
    dln_ahead_drop(&driver->ahead);
    dln_proposer_free(driver->proposer);
    driver->proposer = proposer;
    driver->is_exhausted = false;
    driver->reused_in_row = 0;
    return dln_obey_learn_all(driver, proposer);
}

void dln_obey_space(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                    struct dln_reply *reply)
{
    (void)command;
    struct dln_error err = {0};
    struct dln_space_plan plan = {0};
    if (!dln_space_plan_make(driver->store, driver->study_id, driver->study,
                             json_object_get(payload, "edits"), &plan, &err)) {
        fail(driver, &err, reply);
        return;
    }
    if (!suits(driver, plan.study, reply)) goto done;
    if (!dln_store_set_space(driver->store, driver->study_id, plan.study, &err)) {
        fail(driver, &err, reply);
        goto done;
    }
    dln_driver_committed(driver, true);
    if (!take_over(driver, &err)) {
        if (err.code != DLN_OK) dln_driver_give_up(driver, &err);
        goto done;
    }
    if (!driver->is_engine) dln_obey_settle_idle(driver, "space changed");
    dln_reply_undo(reply, dln_strbuf_text(&plan.undo));
    dln_reply_done(reply, "space: %.700s%s%.280s", dln_strbuf_text(&plan.change),
                   plan.effect.len > 0 ? " · " : "", dln_strbuf_text(&plan.effect));
done:
    dln_space_plan_release(&plan);
}
