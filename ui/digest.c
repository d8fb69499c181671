#include "digest.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialin/json.h"
#include "dialin/strbuf.h"
#include "format.h"
#include "state_folder.h"

enum { KEEP_DAYS = 400, AWAY_S = 60 };

void digest_load(struct digest *digest)
{
    digest->seen = state_read("seen.json");
    if (!digest->seen) digest->seen = json_object();
}

void digest_release(struct digest *digest)
{
    json_decref(digest->seen);
    digest->seen = NULL;
}

bool digest_compare(const struct digest *digest, const char *path,
                    const struct dln_study_summary *summary, int64_t now_us, char *out, size_t cap,
                    int64_t *n_finished)
{
    struct dln_strbuf key = {0};
    const json_t *entry = NULL;
    if (digest->seen && state_study_key(&key, path, summary->id)) {
        entry = json_object_get(digest->seen, dln_strbuf_text(&key));
    }
    dln_strbuf_release(&key);
    if (!json_is_object(entry)) return false;
    const int64_t finished = summary->counts[DLN_TRIAL_COMPLETE] +
                             summary->counts[DLN_TRIAL_PRUNED] + summary->counts[DLN_TRIAL_FAIL];
    *n_finished = finished - json_integer_value(json_object_get(entry, "finished"));
    const int64_t away_s = now_us / 1000000 - json_integer_value(json_object_get(entry, "time"));
    if (*n_finished <= 0 || away_s < AWAY_S) return false;
    const int64_t failed =
        summary->counts[DLN_TRIAL_FAIL] - json_integer_value(json_object_get(entry, "failed"));
    const json_t *old_best = json_object_get(entry, "best");
    char ago[FORMAT_MAX], old[FORMAT_MAX], now[FORMAT_MAX];
    struct dln_strbuf text = {0};
    dln_strbuf_addf(&text, "Since you left (%s), %s: %" PRId64 " trial%s ended",
                    format_ago(ago, away_s, false), summary->name, *n_finished,
                    *n_finished == 1 ? "" : "s");
    if (summary->n_objectives == 1 && summary->best_id >= 0) {
        if (json_is_number(old_best)) {
            const double before = json_number_value(old_best);
            const struct number_style style = number_objective(summary->best_value, before);
            if (before != summary->best_value) {
                dln_strbuf_addf(&text, ", best %s → %s", format_number(old, style, before),
                                format_number(now, style, summary->best_value));
            }
        } else {
            dln_strbuf_addf(
                &text, ", best %s",
                format_runs(now, summary->best_value, summary->best_spread, summary->best_runs));
        }
    }
    if (failed > 0) dln_strbuf_addf(&text, ", %" PRId64 " failed", failed);
    (void)snprintf(out, cap, "%s", dln_strbuf_text(&text));
    dln_strbuf_release(&text);
    return true;
}

void digest_note(struct digest *digest, const char *path, const struct dln_study_summary *summary,
                 int64_t now_us)
{
    struct dln_strbuf key = {0};
    if (digest->seen && state_study_key(&key, path, summary->id)) {
        json_t *entry = json_object();
        const int64_t finished = summary->counts[DLN_TRIAL_COMPLETE] +
                                 summary->counts[DLN_TRIAL_PRUNED] +
                                 summary->counts[DLN_TRIAL_FAIL];
        (void)json_object_set_new(entry, "time", json_integer(now_us / 1000000));
        (void)json_object_set_new(entry, "finished", json_integer(finished));
        (void)json_object_set_new(entry, "failed", json_integer(summary->counts[DLN_TRIAL_FAIL]));
        if (summary->n_objectives == 1 && summary->best_id >= 0 && isfinite(summary->best_value)) {
            (void)json_object_set_new(entry, "best", json_real(summary->best_value));
        }
        (void)json_object_set_new(digest->seen, dln_strbuf_text(&key), entry);
    }
    dln_strbuf_release(&key);
}

/* Studies that were not looked at for more than a year are forgotten. */
static void forget_old(json_t *seen)
{
    int64_t newest = 0;
    const char *key;
    json_t *entry;
    void *next;
    json_object_foreach(seen, key, entry)
    {
        const int64_t time = json_integer_value(json_object_get(entry, "time"));
        if (time > newest) newest = time;
    }
    json_object_foreach_safe(seen, next, key, entry)
    {
        const int64_t time = json_integer_value(json_object_get(entry, "time"));
        if (newest - time > KEEP_DAYS * (int64_t)86400) (void)json_object_del(seen, key);
    }
}

void digest_save(const struct digest *digest)
{
    if (!digest->seen) return;
    forget_old(digest->seen);
    (void)state_write("seen.json", digest->seen);
}
