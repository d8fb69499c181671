/* Trials and studies as JSON. The keys are told in README.md and never change their meaning. */
#include <math.h>

#include "cli/trial_list.h"
#include "dialin/clock.h"

void time_json(struct dln_json_writer *w, int64_t wall_us)
{
    char text[DLN_TIME_TEXT_MAX + 1];
    const size_t len = wall_us == 0 ? 0 : dln_time_format(wall_us, false, text);
    if (len < 11) {
        dln_json_null(w);
        return;
    }
    text[10] = 'T';
    text[len] = 'Z';
    text[len + 1] = '\0';
    dln_json_string(w, text);
}

static void text_or_null(struct dln_json_writer *w, const char *key, const char *text)
{
    dln_json_key(w, key);
    dln_json_string(w, text && text[0] ? text : NULL);
}

void trial_json(struct dln_json_writer *w, const struct opened *study,
                const struct dln_trial *trial)
{
    dln_json_object(w);
    dln_json_key(w, "number");
    dln_json_int(w, trial->number);
    dln_json_key(w, "state");
    dln_json_string(w, dln_trial_state_name(trial->state));
    dln_json_key(w, "values");
    dln_json_object(w);
    for (size_t i = 0; i < study->summary.n_objectives; i++) {
        dln_json_key(w, study->summary.metric_names[i]);
        dln_json_double(w, trial->values[i]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "runs");
    dln_json_int(w, trial->n_runs > 0 ? trial->n_runs : 1);
    dln_json_key(w, "spread");
    dln_json_object(w);
    for (size_t i = 0; trial->n_runs > 0 && i < study->summary.n_objectives; i++) {
        dln_json_key(w, study->summary.metric_names[i]);
        dln_json_double(w, trial->spread[i]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "params");
    struct dln_strbuf params = {0};
    dln_space_json(study->space, trial->x, &params);
    dln_json_raw(w, dln_strbuf_ok(&params) ? dln_strbuf_text(&params) : "null");
    dln_strbuf_release(&params);
    dln_json_key(w, "started");
    time_json(w, trial->started_us);
    dln_json_key(w, "ended");
    time_json(w, trial->ended_us);
    dln_json_key(w, "duration_s");
    dln_json_double(w, trial_duration_s(trial));
    text_or_null(w, "reason",
                 trial->reason == DLN_FAIL_NONE ? NULL : dln_fail_reason_name(trial->reason));
    text_or_null(w, "detail", trial->detail);
    text_or_null(w, "strategy", trial->strategy);
    text_or_null(w, "why", trial->why);
    dln_json_key(w, "attempts");
    dln_json_int(w, trial->attempt);
    dln_json_key(w, "last_step");
    if (trial->n_steps > 0) {
        dln_json_int(w, trial->steps[trial->n_steps - 1]);
    } else {
        dln_json_null(w);
    }
    text_or_null(w, "run_dir", trial->run_dir);
    dln_json_end_object(w);
}

static void lease_json(struct dln_json_writer *w, const struct dln_lease_info *lease)
{
    if (!lease->held) {
        dln_json_null(w);
        return;
    }
    dln_json_object(w);
    dln_json_key(w, "host");
    dln_json_string(w, lease->host);
    dln_json_key(w, "pid");
    dln_json_int(w, lease->pid);
    dln_json_key(w, "alive");
    dln_json_bool(w, lease->alive);
    dln_json_key(w, "started");
    time_json(w, lease->started_us);
    dln_json_key(w, "heartbeat");
    time_json(w, lease->heartbeat_us);
    dln_json_end_object(w);
}

static void budget_json(struct dln_json_writer *w, const struct dln_budget *budget)
{
    dln_json_object(w);
    dln_json_key(w, "trials");
    if (budget->trials > 0) {
        dln_json_int(w, budget->trials);
    } else {
        dln_json_null(w);
    }
    const struct {
        const char *key;
        double value;
    } limits[] = {
        {"time_s", budget->time_s > 0 ? budget->time_s : (double)NAN},
        {"slot_s", budget->slot_s > 0 ? budget->slot_s : (double)NAN},
        {"cost", budget->cost > 0 ? budget->cost : (double)NAN},
        {"target", budget->has_target ? budget->target : (double)NAN},
        {"no_improvement",
         budget->no_improvement > 0 ? (double)budget->no_improvement : (double)NAN},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        dln_json_key(w, limits[i].key);
        dln_json_double(w, limits[i].value);
    }
    dln_json_end_object(w);
}

void summary_json(struct dln_json_writer *w, const struct dln_study_summary *summary,
                  const char *db_path)
{
    dln_json_object(w);
    dln_json_key(w, "file");
    dln_json_string(w, db_path);
    dln_json_key(w, "study");
    dln_json_string(w, summary->name);
    dln_json_key(w, "state");
    dln_json_string(w, dln_engine_state_name(summary->state));
    text_or_null(w, "why", summary->why);
    dln_json_key(w, "engine");
    lease_json(w, &summary->lease);
    dln_json_key(w, "objectives");
    dln_json_array(w);
    for (size_t i = 0; i < summary->n_objectives; i++) {
        dln_json_object(w);
        dln_json_key(w, "metric");
        dln_json_string(w, summary->metric_names[i]);
        dln_json_key(w, "direction");
        dln_json_string(w, summary->maximize[i] ? "maximize" : "minimize");
        dln_json_end_object(w);
    }
    dln_json_end_array(w);
    dln_json_key(w, "trials");
    dln_json_int(w, summary->n_trials);
    dln_json_key(w, "counts");
    dln_json_object(w);
    for (int state = 0; state < DLN_TRIAL_STATE_COUNT; state++) {
        dln_json_key(w, dln_trial_state_name((enum dln_trial_state)state));
        dln_json_int(w, summary->counts[state]);
    }
    dln_json_end_object(w);
    dln_json_key(w, "best");
    if (summary->n_objectives == 1 && summary->best_id >= 0) {
        dln_json_object(w);
        dln_json_key(w, "number");
        dln_json_int(w, summary->best_number);
        dln_json_key(w, "value");
        dln_json_double(w, summary->best_value);
        dln_json_end_object(w);
    } else {
        dln_json_null(w);
    }
    dln_json_key(w, "budget");
    budget_json(w, &summary->live.budget);
    dln_json_key(w, "parallel");
    dln_json_int(w, summary->live.parallel);
    text_or_null(w, "strategy", summary->strategy);
    dln_json_key(w, "run_time_s");
    dln_json_double(w, summary->spent.time_s);
    dln_json_key(w, "slot_time_s");
    dln_json_double(w, summary->spent.slot_s);
    dln_json_key(w, "cost");
    dln_json_double(w, summary->spent.cost);
    dln_json_key(w, "created");
    time_json(w, summary->created_us);
    dln_json_key(w, "last_activity");
    time_json(w, summary->last_activity_us);
    dln_json_end_object(w);
}
