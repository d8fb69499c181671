/*
 * The engines of this process: started, poked, asked to quit, joined. They outlive the screen: what
 * becomes of it, these go on until their study ends. Thread: ui.
 */
#ifndef UI_RUNS_H
#define UI_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dialin/engine.h"
#include "dialin/wake.h"
#include "helper.h"

struct pollfd;

enum { RUNS_MAX = 8, RUN_NAME_MAX = 128 };

enum run_state { RUN_FREE, RUN_STARTING, RUN_GOING };
struct run {
    enum run_state state;
    char *path;
    int64_t study_id;
    char name[RUN_NAME_MAX];
    bool start_paused;
    bool confirms; /* runs no trial: the best few again, then it ends */
    struct dln_confirm_settings confirm;
    dln_engine *engine;
    struct dln_wake notify;              /* poked by the engine after each commit of note */
    int64_t retry_at_ns, retry_until_ns; /* while the guardian of a dead engine lets go */
};

/* What the ui hears: a run has started (err NULL), could not, or has ended. */
enum run_news_kind { RUN_NEWS_STARTED, RUN_NEWS_REFUSED, RUN_NEWS_ENDED };
struct run_news {
    enum run_news_kind kind;
    const struct run *run;
    enum dln_engine_outcome outcome; /* ENDED */
    const struct dln_error *err;     /* REFUSED, and ENDED with DLN_OUTCOME_FAILED */
};
typedef void runs_sink(void *context, const struct run_news *news);

struct runs {
    struct run run[RUNS_MAX];
    struct helper *helper;
    runs_sink *sink;
    void *context;
    int exit_status; /* of the program, by what has ended so far */
    bool is_quitting;
};

void runs_init(struct runs *runs, struct helper *helper, runs_sink *sink, void *context);
/*
 * Starts an engine in the background; the outcome comes to the sink. `patience_s`: how long a lease
 * that is still held is waited for. False: too many already, or no memory.
 */
bool runs_start(struct runs *runs, const char *path, int64_t study_id, const char *name,
                bool start_paused, int patience_s);
/* The same for an engine that confirms, then ends. */
bool runs_confirm(struct runs *runs, const char *path, int64_t study_id, const char *name,
                  const struct dln_confirm_settings *settings);
int runs_count(const struct runs *runs);
/* The first that is going or starting, NULL if none; for sentences with a name in them. */
const struct run *runs_first(const struct runs *runs);
const struct run *runs_find(const struct runs *runs, const char *path, int64_t study_id);
/* Look at the inbox of this study's engine now, if it is here. */
void runs_poke(struct runs *runs, const char *path, int64_t study_id);
/* Ends trials and engines; called again: at once. */
void runs_quit(struct runs *runs);
/* What to poll for; returns the number of descriptors. *timeout_ms is lowered to the next retry. */
int runs_poll(struct runs *runs, struct pollfd *fds, int cap, int *timeout_ms);
/* After poll: true if an engine has committed something; joins those that are over. */
bool runs_look(struct runs *runs);

#endif
