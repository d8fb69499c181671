/*
 * What a trial prints: the first byte says where it is cut, the rest is printed. Cut in any way,
 * the same values come of it.
 */
#include <math.h>
#include <string.h>

#include "dialin/exec.h"
#include "fuzz/fuzz.h"

struct digest {
    size_t n;
    double sum;
    int64_t steps;
};

static void note(void *context, const struct dln_metric_event *event)
{
    struct digest *digest = context;
    FUZZ_HOLDS(event->metric < 4);
    digest->n++;
    digest->steps =
        (int64_t)((uint64_t)digest->steps * 31 + (uint64_t)event->step + (uint64_t)event->metric);
    if (isfinite(event->value)) digest->sum += event->value / (double)digest->n;
}

void fuzz_metric(const uint8_t *data, size_t size)
{
    static struct dln_objective objectives[] = {{.metric = "val_acc", .maximize = true},
                                                {.metric = "loss"}};
    static struct dln_metric_pattern patterns[] = {
        {.name = "rmse", .regex = "holdout RMSE\\s+(\\S+)"}};
    static const struct dln_study study = {.n_objectives = 2,
                                           .objectives = objectives,
                                           .n_patterns = 1,
                                           .patterns = patterns,
                                           .confirm = {.metric = "test.acc"}};
    static dln_metric_reader *reader;
    if (!reader) FUZZ_HOLDS(dln_metric_reader_new(&study, &reader, NULL));
    if (size < 1) return;
    const size_t cut = data[0] ? data[0] : 1;
    char *text = fuzz_text(data + 1, --size);
    struct digest whole = {0};
    struct digest parts = {0};
    dln_metric_reader_reset(reader);
    dln_metric_feed(reader, text, size, true, note, &whole);
    dln_metric_reader_reset(reader);
    for (size_t at = 0; at < size; at += cut) {
        const size_t len = size - at < cut ? size - at : cut;
        char *part = fuzz_text((const uint8_t *)text + at, len);
        dln_metric_feed(reader, part, len, false, note, &parts);
        free(part);
    }
    dln_metric_feed(reader, "", 0, true, note, &parts);
    FUZZ_HOLDS(whole.n == parts.n && whole.steps == parts.steps);
    FUZZ_HOLDS(memcmp(&whole.sum, &parts.sum, sizeof whole.sum) == 0);
    free(text);
}
