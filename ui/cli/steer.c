#include "cli/steer.h"

#include "cli/progress.h"
#include "dialin/engine.h"
#include "dialin/json.h"

static enum status say_answer(enum dln_command_kind kind, bool json, const char *answer,
                              const char *when, const struct dln_error *err)
{
    const bool ok = err->code == DLN_OK;
    if (!json) {
        if (!ok) return complain(err);
        say(stdout, "%s%s", answer, when);
        return STATUS_DONE;
    }
    struct dln_strbuf out = {0};
    struct dln_json_writer w = {.out = &out};
    dln_json_object(&w);
    dln_json_key(&w, "command");
    dln_json_string(&w, dln_command_name(kind));
    dln_json_key(&w, "ok");
    dln_json_bool(&w, ok);
    dln_json_key(&w, "code");
    dln_json_string(&w, dln_code_name(err->code));
    dln_json_key(&w, "answer");
    dln_json_string(&w, ok ? answer : err->text);
    dln_json_end_object(&w);
    const enum status status = print_json(&out);
    return ok ? status : status_of(err->code);
}

/* A new trial, and no engine: when does it run? */
static const char *hint(enum dln_command_kind kind, const struct dln_study_summary *before)
{
    if (kind != DLN_COMMAND_ENQUEUE && kind != DLN_COMMAND_RETRY) return "";
    if (is_running(before)) return "";
    const int64_t budget = before->live.budget.trials;
    if (budget > 0 && before->n_trials >= budget) {
        return "; the budget is used up: dialin set STUDY budget trials=+1 lets it run";
    }
    return "; it runs when dialin run starts the study";
}

enum status steer(struct opened *study, const struct options *options, enum dln_command_kind kind,
                  struct dln_strbuf *payload)
{
    struct dln_error err = {0};
    char answer[DLN_ERROR_TEXT_MAX] = "";
    int64_t seconds = 10;
    if (!dln_strbuf_ok(payload)) {
        dln_fail(&err, DLN_NOMEM, "out of memory for the command");
    } else if (option_whole(options, "wait", 0, 86400, &seconds, &err)) {
        /* dln_steer() has a connection of its own */
        dln_store_close(study->store);
        study->store = NULL;
        const char *const text = payload->len > 0 ? dln_strbuf_text(payload) : "{}";
        if (!dln_steer(study->db_path, study->summary.id, kind, text, seconds * 1000, answer,
                       &err) &&
            err.code == DLN_TIMEOUT && seconds == 0) {
            dln_error_reset(&err); /* that is what was asked for */
            snprintf(answer, sizeof answer, "posted, the engine will take it");
        }
    }
    dln_strbuf_release(payload);
    return say_answer(kind, option_given(options, "json"), answer, hint(kind, &study->summary),
                      &err);
}

enum status steer_word(const struct options *options, enum dln_command_kind kind,
                       struct dln_strbuf *payload)
{
    struct opened study;
    struct dln_error err = {0};
    if (!opened_study(options, options->words[0], DLN_STORE_READ, &study, &err)) {
        dln_strbuf_release(payload);
        return say_answer(kind, option_given(options, "json"), "", "", &err);
    }
    const enum status status = steer(&study, options, kind, payload);
    opened_release(&study);
    return status;
}
