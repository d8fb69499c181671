/*
 * SET_PRUNER: from the next report on another pruner, or the same with other settings. It is told
 * every curve there is, those of running trials included, so it decides as if it had been there
 * from the start; what an earlier pruner has ended stays ended.
 */
#include <string.h>

#include "engine/obey.h"
#include "engine/refresh.h"

static void refuse(struct dln_reply *reply, const struct dln_error *err)
{
    static const char nowhere[] = "0:0: "; /* what a person set stands in no file */
    const size_t n = strlen(nowhere);
    dln_reply_refuse(reply, "%s", strncmp(err->text, nowhere, n) == 0 ? err->text + n : err->text);
}

static bool open_pruning(struct dln_driver *driver, const struct dln_method *method,
                         dln_pruning **pruning, struct dln_reply *reply)
{
    struct dln_error err = {0};
    if (strcmp(method->name, "none") == 0 && method->n_settings > 0) {
        dln_reply_refuse(reply, "'none' has no settings, but here is '%s'",
                         method->settings[0].name);
        return false;
    }
    if (!dln_pruning_new(driver->study, method, pruning, &err)) {
        refuse(reply, &err);
        return false;
    }
    if (!*pruning || dln_prune_objective(driver->study) != SIZE_MAX) return true;
    dln_pruning_free(*pruning);
    dln_reply_refuse(reply, "a pruner of a study with several objectives needs 'prune_on' in the "
                            "study file");
    return false;
}

void dln_obey_pruner(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply)
{
    (void)command;
    struct dln_method method;
    struct dln_error err = {0};
    dln_pruning *pruning = NULL;
    const struct dln_method was = driver->study->pruner;
    if (!dln_obey_read_method(driver, payload, "pruner", &was, &method, reply) ||
        !open_pruning(driver, &method, &pruning, reply)) {
        return;
    }
    if (driver->is_engine && pruning && !dln_refresh_pruning(driver, pruning)) {
        dln_pruning_free(pruning);
        return;
    }
    if (!dln_store_set_pruner(driver->store, driver->study_id, &method, &err)) {
        dln_pruning_free(pruning);
        (void)dln_driver_blame(driver, &err);
        return;
    }
    driver->study->pruner = method;
    dln_driver_committed(driver, true);
    if (driver->is_engine) {
        dln_pruning_free(driver->pruning);
        driver->pruning = pruning;
    } else {
        dln_pruning_free(pruning);
    }
    dln_obey_method_done("pruner", &was, &method,
                         driver->is_engine ? "from the next report on" : "from the next start on",
                         reply);
    if (driver->is_engine && strcmp(method.name, "auto") == 0) {
        dln_driver_note(driver, "pruner auto: %s", dln_pruner_auto_why(driver->study));
    }
}
