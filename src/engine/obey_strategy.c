/*
 * SET_STRATEGY: from the next ask another strategy, or the same with other settings. History is
 * state, so it learns from every trial there is; trials that run go on.
 */
#include "engine/obey.h"

/* The new strategy on this study, with all trials; NULL and a refusal where it cannot work. */
static dln_proposer *open_proposer(struct dln_driver *driver, const struct dln_method *method,
                                   struct dln_reply *reply)
{
    struct dln_study *study = driver->study;
    const struct dln_method was = study->strategy;
    struct dln_error err = {0};
    dln_proposer *proposer = NULL;
    study->strategy = *method; /* a proposer reads its study while it is made */
    if (!dln_proposer_new(study, driver->seed, &proposer, &err)) {
        dln_reply_refuse(reply, "%s", err.text);
    }
    study->strategy = was;
    return proposer;
}

bool dln_obey_learn_all(struct dln_driver *driver, dln_proposer *proposer)
{
    struct dln_error err = {0};
    struct dln_arena arena = {0};
    struct dln_history_row *rows;
    size_t n;
    bool ok = dln_store_history(driver->store, driver->study_id, &driver->study->space,
                                driver->study->n_objectives, 0, &arena, &rows, &n, &err);
    if (!ok) {
        (void)dln_driver_blame(driver, &err);
    } else if (!dln_proposer_learn(proposer, n, rows, &err)) {
        dln_driver_give_up(driver, &err);
        ok = false;
    }
    dln_arena_release(&arena);
    return ok;
}

void dln_obey_strategy(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply)
{
    (void)command;
    struct dln_method method;
    struct dln_error err = {0};
    const struct dln_method was = driver->study->strategy;
    if (!dln_obey_read_method(driver, payload, "strategy", &was, &method, reply)) return;
    dln_proposer *proposer = open_proposer(driver, &method, reply);
    if (!proposer) return;
    if (driver->is_engine && !dln_obey_learn_all(driver, proposer)) {
        dln_proposer_free(proposer);
        return;
    }
    if (!dln_store_set_strategy(driver->store, driver->study_id, &method, &err)) {
        dln_proposer_free(proposer);
        (void)dln_driver_blame(driver, &err);
        return;
    }
    driver->study->strategy = method;
    dln_driver_committed(driver, true);
    if (driver->is_engine) {
        dln_ahead_drop(&driver->ahead);
        dln_proposer_free(driver->proposer);
        driver->proposer = proposer;
        driver->is_exhausted = false;
        driver->reused_in_row = 0;
    } else {
        dln_proposer_free(proposer);
        dln_obey_settle_idle(driver, "strategy changed");
    }
    dln_obey_method_done("strategy", &was, &method,
                         driver->is_engine ? "from the next trial on" : "from the next start on",
                         reply);
}
