/* Commands of people, from any process: taken from the inbox in order, obeyed, answered. */
#ifndef DLN_ENGINE_OBEY_H
#define DLN_ENGINE_OBEY_H

#include <stdbool.h>

#include "dialin/json.h"
#include "engine/driver.h"

/* A reply that stays POSTED is none: the storage refused in the middle, the command is kept. */
struct dln_reply {
    enum dln_command_state state;
    char text[DLN_REPLY_TEXT_MAX];
    char *undo; /* payload that undoes it, NULL if none; whoever made the reply frees it */
};

/* Both always return. */
void dln_reply_done(struct dln_reply *reply, const char *format, ...) DLN_PRINTF(2, 3);
void dln_reply_refuse(struct dln_reply *reply, const char *format, ...) DLN_PRINTF(2, 3);

/* What undoes it; without memory it cannot be undone. */
void dln_reply_undo(struct dln_reply *reply, const char *payload);

/* Obeys everything that is posted. False: stopped by storage trouble, look again later. */
bool dln_obey_inbox(struct dln_driver *driver);

typedef void dln_obey_handler(struct dln_driver *driver, const struct dln_command *command,
                              json_t *payload, struct dln_reply *reply);
/* obey_trials.c */
void dln_obey_end_trials(struct dln_driver *driver, const struct dln_command *command,
                         json_t *payload, struct dln_reply *reply); /* PRUNE, STOP_TRIAL */
void dln_obey_retry(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                    struct dln_reply *reply);
void dln_obey_enqueue(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply);
void dln_obey_suspend(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply); /* SUSPEND, CONTINUE */
/* obey_queue.c */
void dln_obey_revise(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply);
void dln_obey_withdraw(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply);
/* obey_marks.c */
void dln_obey_trial_note(struct dln_driver *driver, const struct dln_command *command,
                         json_t *payload, struct dln_reply *reply);
void dln_obey_tag(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                  struct dln_reply *reply);
/* obey_trash.c */
void dln_obey_delete(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply);
void dln_obey_restore(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply);
/* obey_strategy.c */
/* Gives a new proposer all trials; false: storage trouble, or the engine ends. */
bool dln_obey_learn_all(struct dln_driver *driver, dln_proposer *proposer);
void dln_obey_strategy(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply);
/* obey_space.c */
void dln_obey_space(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                    struct dln_reply *reply);
/* obey_undo.c: UNDO, REDO */
void dln_obey_undo(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                   struct dln_reply *reply);
/* The handler of a kind; NULL: none. */
dln_obey_handler *dln_obey_handler_of(enum dln_command_kind kind);
/* obey_pruner.c */
void dln_obey_pruner(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply);
/* obey_method.c: payload[what]; false: refused, also where it is the method there was. */
bool dln_obey_read_method(struct dln_driver *driver, json_t *payload, const char *what,
                          const struct dln_method *was, struct dln_method *out,
                          struct dln_reply *reply);
/* "strategy tpe → gp startup=5 from the next trial on", and what undoes it. */
void dln_obey_method_done(const char *what, const struct dln_method *was,
                          const struct dln_method *now, const char *since, struct dln_reply *reply);
/* obey_confirm.c */
void dln_obey_confirm(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                      struct dln_reply *reply);
/* obey_settings.c */
/* Where no engine is alive: a study that was done may have something to do again. */
void dln_obey_settle_idle(struct dln_driver *driver, const char *why);
void dln_obey_parallel(struct dln_driver *driver, const struct dln_command *command,
                       json_t *payload, struct dln_reply *reply);
void dln_obey_slot(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                   struct dln_reply *reply);
void dln_obey_budget(struct dln_driver *driver, const struct dln_command *command, json_t *payload,
                     struct dln_reply *reply);

#endif
