#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dialin/clock.h"
#include "dialin/exec.h"
#include "dialin/study.h"
#include "draft/capture.h"
#include "draft/draft.h"

#define PARAMS_FILE "params.json"

struct seen {
    int64_t n;
    double value;
};

static void take(void *context, const struct dln_metric_event *event)
{
    struct seen *const seen = context;
    if (event->metric != 0) return; /* the first one is the objective */
    seen->n++;
    seen->value = event->value;
}

static void last_line(const char *text, size_t len, struct dln_strbuf *out)
{
    while (len > 0 && strchr("\r\n \t", text[len - 1]))
        len--;
    size_t start = len;
    while (start > 0 && text[start - 1] != '\n')
        start--;
    if (len == 0) {
        dln_strbuf_add(out, "it printed nothing");
    } else {
        dln_strbuf_add(out, "its last line: ");
        dln_strbuf_add_len(out, text + start, len - start);
    }
}

static void describe(const struct dln_study *study, const struct dln_strbuf *printed,
                     bool has_ended, double seconds, dln_metric_reader *reader,
                     struct dln_strbuf *out)
{
    struct seen seen = {0};
    const char *const metric = study->objectives[0].metric;
    dln_metric_feed(reader, dln_strbuf_text(printed), printed->len, true, take, &seen);
    if (seen.n > 0) {
        dln_strbuf_addf(out, "%s %.6g, %lld value%s", metric, seen.value, (long long)seen.n,
                        seen.n == 1 ? "" : "s");
    } else {
        dln_strbuf_addf(out, "no '%s'", metric);
    }
    dln_strbuf_addf(out, has_ended ? " in %.1f s" : " in %.0f s, then ended: it was still running",
                    seconds);
    if (seen.n > 0) return;
    dln_strbuf_add(out, "; ");
    last_line(dln_strbuf_text(printed), printed->len, out);
}

static bool run_once(const struct draft_ask *ask, const struct dln_study *study, const char *folder,
                     int limit_ms, dln_metric_reader *reader, struct dln_arena *arena,
                     struct dln_strbuf *out, struct dln_error *err)
{
    double *const x = DLN_ARENA_ARRAY(arena, double, study->space.n + 1);
    const char *const params = dln_arena_printf(arena, "%s/" PARAMS_FILE, folder);
    struct dln_strbuf json = {0}, printed = {0};
    struct dln_error why = {0};
    char **argv = NULL;
    if (!x || !params) return dln_fail(err, DLN_NOMEM, "out of memory");
    dln_space_initial(&study->space, x);
    dln_params_json(study, x, &json);
    const struct dln_run_spec spec = {
        .study = study, .x = x, .attempt = 1, .run_dir = folder, .json_path = params};
    bool ok = dln_run_dir_write(folder, PARAMS_FILE, dln_strbuf_text(&json), json.len, err) &&
              dln_argv_fill(dln_study_command(study), &spec, arena, &argv, err);
    if (ok) {
        const int64_t start_ns = dln_clock_mono_ns();
        const bool has_ended = capture(argv, ask->folder, limit_ms, &printed, &why);
        ok = has_ended || why.code == DLN_TIMEOUT || dln_fail(err, why.code, "%s", why.text);
        if (ok) {
            describe(study, &printed, has_ended, (double)(dln_clock_mono_ns() - start_ns) / 1e9,
                     reader, out);
        }
    }
    (void)unlink(params);
    dln_strbuf_release(&json);
    dln_strbuf_release(&printed);
    return ok && (dln_strbuf_ok(out) || dln_fail(err, DLN_NOMEM, "out of memory"));
}

bool draft_dry_run(const struct draft_ask *ask, const char *text, size_t len, int limit_ms,
                   struct dln_strbuf *out, struct dln_error *err)
{
    struct dln_study *study = NULL;
    dln_metric_reader *reader = NULL;
    struct dln_arena arena = {0};
    struct dln_strbuf folder = {0};
    const char *const parent = getenv("TMPDIR");
    dln_strbuf_addf(&folder, "%s/dialin-dry-XXXXXX", parent && *parent ? parent : "/tmp");
    bool ok = dln_strbuf_ok(&folder) || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_study_read("study.yaml", text, len, &study, err) &&
         dln_metric_reader_new(study, &reader, err);
    if (ok && !mkdtemp(folder.data)) {
        ok = dln_fail_errno(err, errno, "make '%s'", dln_strbuf_text(&folder));
    } else if (ok) {
        ok = run_once(ask, study, dln_strbuf_text(&folder), limit_ms, reader, &arena, out, err);
        (void)rmdir(dln_strbuf_text(&folder));
    }
    dln_metric_reader_free(reader);
    dln_study_free(study);
    dln_arena_release(&arena);
    dln_strbuf_release(&folder);
    return ok;
}
