#include "dialin/exec.h"

#include "base/rng.h"
#include "dialin/expr.h"
#include "support/test.h"

static struct dln_objective objectives[] = {{.metric = "val_acc", .maximize = true},
                                            {.metric = "loss"}};
static struct dln_metric_pattern patterns[] = {
    {.name = "rmse", .regex = "holdout RMSE\\s+(\\S+)", .line = 7, .column = 9}};

static struct dln_study plain_study(void)
{
    return (struct dln_study){.n_objectives = 2,
                              .objectives = objectives,
                              .n_patterns = 1,
                              .patterns = patterns,
                              .confirm = {.metric = "test.acc"}};
}

enum { EVENTS_MAX = 4096 };
struct record {
    size_t n;
    struct dln_metric_event event[EVENTS_MAX];
};

static void note(void *context, const struct dln_metric_event *event)
{
    struct record *record = context;
    assert_true(record->n < EVENTS_MAX);
    record->event[record->n++] = *event;
}

static int setup(void **state)
{
    const struct dln_study study = plain_study();
    struct dln_error err;
    dln_metric_reader *reader;
    assert_ok(dln_metric_reader_new(&study, &reader, &err), err);
    *state = reader;
    return 0;
}

static int teardown(void **state)
{
    dln_metric_reader_free(*state);
    return 0;
}

/* "val_acc=0.5@3 loss=1": what a line must give, in order of metrics; @: with a step. */
static void expect(dln_metric_reader *reader, const char *line, const char *expected)
{
    static struct record record;
    record.n = 0;
    dln_metric_reader_reset(reader);
    dln_metric_feed(reader, line, strlen(line), true, note, &record);
    char text[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < record.n; i++) {
        const struct dln_metric_event *event = &record.event[i];
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s=%g", i > 0 ? " " : "",
                                dln_metric_name(reader, event->metric), event->value);
        if (event->has_step) {
            len += (size_t)snprintf(text + len, sizeof text - len, "@%d", (int)event->step);
        }
    }
    if (strcmp(text, expected) != 0) {
        print_error("line '%s' gives '%s', not '%s'\n", line, text, expected);
        fail();
    }
}

static void names_are_those_that_the_study_declares(void **state)
{
    dln_metric_reader *reader = *state;
    assert_int_equal(dln_metric_count(reader), 4);
    assert_string_equal(dln_metric_name(reader, 0), "val_acc");
    assert_string_equal(dln_metric_name(reader, 1), "loss");
    assert_string_equal(dln_metric_name(reader, 2), "rmse");
    assert_string_equal(dln_metric_name(reader, 3), "test.acc");
}

static void limits_declare_metrics_but_not_parameters(void **state)
{
    (void)state;
    struct dln_study study = plain_study();
    struct dln_param lr = {.name = "lr"};
    study.space = (struct dln_space){.n = 1, .params = &lr};
    struct dln_arena arena = {0};
    struct dln_constraint limit = {.text = "mem_gb * lr <= 16"};
    struct dln_error err;
    assert_ok(dln_expr_parse(limit.text, &arena, &limit.expr, NULL, &err), err);
    study.n_limits = 1;
    study.limits = &limit;
    dln_metric_reader *reader;
    assert_ok(dln_metric_reader_new(&study, &reader, &err), err);
    assert_int_equal(dln_metric_count(reader), 5);
    assert_string_equal(dln_metric_name(reader, 3), "mem_gb");
    dln_metric_reader_free(reader);
    dln_arena_release(&arena);
}

static void json_lines_are_read(void **state)
{
    expect(*state, "{\"epoch\": 3, \"val_acc\": 0.871}", "val_acc=0.871@3");
    expect(*state, "  {\"loss\": 1, \"other\": 2}", "loss=1");
    expect(*state, "{\"loss\": NaN, \"val_acc\": -Infinity}", "val_acc=-inf loss=nan");
    expect(*state, "{\"loss\": \"0.25\"}", "loss=0.25");
    expect(*state, "{\"loss\": true, \"val_acc\": null}", "");
    expect(*state, "{\"loss\": {\"value\": 3}}", "");
    expect(*state, "{\"step\": 2000, \"epoch\": 4, \"loss\": 1}", "loss=1@4");
    expect(*state, "{\"step\": 2.5, \"loss\": 1}", "loss=1");
    expect(*state, "{\"Step\": 7, \"loss\": 1}", "loss=1@7");
    expect(*state, "{\"message\": \"loss: 5\"}", "");
    expect(*state, "{\"loss\": 1e999}", "loss=inf");
    expect(*state, "{'loss': 0.5, 'epoch': 1.0}", "loss=0.5@1"); /* Python's own notation */
    expect(*state, "{'loss': 0.5, 'epoch': 0.02}", "loss=0.5");
    expect(*state, "{\"loss\": 0.5", "loss=0.5"); /* cut off */
}

static void dialin_lines_are_read(void **state)
{
    expect(*state, "dialin: val_acc=0.5 epoch=2 loss=1e-3", "val_acc=0.5@2 loss=0.001@2");
    expect(*state, "dialin:loss=2,val_acc=.5", "val_acc=0.5 loss=2");
    expect(*state, "dialin: loss=2x val_acc=", "");
    expect(*state, "dialin: loss: 2", "");
}

static void expressions_of_the_study_are_read(void **state)
{
    expect(*state, "step 4: holdout RMSE   1.25", "rmse=1.25@4");
    expect(*state, "holdout RMSE 1.25, loss 0.5", "loss=0.5 rmse=1.25");
    expect(*state, "holdout RMSE none", "");
    expect(*state, "holdout RMSE 1.25s", "");
    expect(*state, "rmse: 3", ""); /* its expression is the one way to it */
}

static void names_with_a_number_are_read(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"epoch 3 train_loss 0.512 val_loss 0.431 val_acc 0.871", "val_acc=0.871@3"},
        {"loss: 0.5", "loss=0.5"},
        {"loss=0.5", "loss=0.5"},
        {"loss = 0.5", "loss=0.5"},
        {"loss\t0.5", "loss=0.5"},
        {"loss :0.5", "loss=0.5"},
        {"loss0.5", ""},
        {"loss", ""},
        {"loss:", ""},
        {"loss == 5", ""},
        {"val_loss: 0.5", ""},
        {"val/loss: 0.5", ""},
        {"val.loss: 0.5", ""},
        {"--loss=0.5", ""},
        {"losses: 0.5", ""},
        {"[loss: 0.5]", "loss=0.5"},
        {"(loss=0.5)", "loss=0.5"},
        {"test.acc 0.75", "test.acc=0.75"},
        {"testXacc 0.75", ""},
        {"val_acc: 0.87 (best val_acc: 0.91)", "val_acc=0.87"},
        {"loss: none, loss: 2", "loss=2"},
        {"loss: -1.5e-3", "loss=-0.0015"},
        {"loss: +.5", "loss=0.5"},
        {"loss: 5.", "loss=5"},
        {"loss: 0.5.", "loss=0.5"},
        {"loss: 0.5, next", "loss=0.5"},
        {"loss: 93.1%", "loss=93.1"},
        {"loss: nan", "loss=nan"},
        {"loss: -NaN", "loss=nan"},
        {"loss: inf", "loss=inf"},
        {"loss: -Infinity", "loss=-inf"},
        {"loss: 1e999", "loss=inf"},
        {"loss: information", ""},
        {"loss: nano", ""},
        {"loss: 0x1f", ""},
        {"loss: 1,234", ""},
        {"loss: 1.2.3", ""},
        {"loss: 45/50", ""},
        {"loss: 12:30", ""},
        {"loss: 3-4", ""},
        {"loss: 0.5s", ""},
        {"loss: 1e", ""},
        {"loss: 1_000", ""},
        {"loss: \xc2\xbd", ""},
        {"loss: 1\xc2\xbd", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(*state, cases[i].line, cases[i].expected);
    }
}

static void steps_are_read(void **state)
{
    static const struct {
        const char *line, *expected;
    } cases[] = {
        {"Epoch 3/60 loss: 1", "loss=1@3"},
        {"Epoch [3/60], loss: 1", "loss=1@3"},
        {"[epoch 03] loss 1", "loss=1@3"},
        {"epoch=3 loss=1", "loss=1@3"},
        {"EPOCH: 3 loss 1", "loss=1@3"},
        {"epoch3 loss 1", "loss=1@3"},
        {"Iteration 12: loss=1", "loss=1@12"},
        {"iter 12 loss=1", "loss=1@12"},
        {"step #12 loss=1", "loss=1@12"},
        {"fold 4: loss=1", "loss=1@4"},
        {"step 900 epoch 2 loss=1", "loss=1@2"},
        {"loss=1 at step 5", "loss=1@5"},
        {"epoch 1.5 loss=1", "loss=1"},
        {"epochs 60 loss=1", "loss=1"},
        {"my_step 5 loss=1", "loss=1"},
        {"step one loss=1", "loss=1"},
        {"step -5 loss=1", "loss=1"},
        {"step 99999999999999999999 loss=1", "loss=1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect(*state, cases[i].line, cases[i].expected);
    }
}

static void without_a_step_values_are_counted(void **state)
{
    struct record record = {0};
    static const char text[] = "loss 1\nloss 2\nval_acc 5\nloss 3\n";
    dln_metric_reader_reset(*state);
    dln_metric_feed(*state, text, sizeof text - 1, true, note, &record);
    assert_int_equal(record.n, 4);
    assert_int_equal(record.event[0].step, 0);
    assert_int_equal(record.event[1].step, 1);
    assert_int_equal(record.event[2].step, 0);
    assert_int_equal(record.event[3].step, 2);
}

static void colours_and_returns_are_taken_out(void **state)
{
    expect(*state, "\033[1;32mloss\033[0m: \033[K0.5\033[0m", "loss=0.5");
    expect(*state, "lo\033[31mss 0.\033[m5", "loss=0.5");
    expect(*state, "\033]0;loss 9\007loss 1", "loss=1");
    expect(*state, "\033]8;;http://x\033\\loss 1\033]8;;\033\\", "loss=1");
    expect(*state, "\033(Bloss 1", "loss=1");
    expect(*state, "loss 1\rloss 2\r\nloss 3", "loss=1 loss=2 loss=3");
    expect(*state, "loss 1\033", "loss=1");
    expect(*state, "loss 1\033[", "loss=1");
    expect(*state, "\033]loss 1", "loss=1");
}

static void nul_bytes_are_blanks(void **state)
{
    struct record record = {0};
    static const char text[] = "\0loss\0"
                               "4\0";
    dln_metric_reader_reset(*state);
    dln_metric_feed(*state, text, sizeof text - 1, true, note, &record);
    assert_int_equal(record.n, 1);
    assert_close(record.event[0].value, 4, 0, 0);
}

static void of_a_long_line_the_beginning_counts(void **state)
{
    static struct record record;
    record.n = 0;
    const size_t len = 200000;
    char *text = malloc(len);
    assert_non_null(text);
    memset(text, ' ', len);
    memcpy(text, "loss=1", 6);
    memcpy(text + 65536 - 10, " val_acc=2", 10);
    memcpy(text + 65536 + 10, " test.acc=3", 11);
    text[len - 8] = '\n';
    memcpy(text + len - 7, "loss=4\n", 7);
    dln_metric_reader_reset(*state);
    dln_metric_feed(*state, text, len, true, note, &record);
    assert_int_equal(record.n, 3);
    assert_close(record.event[0].value, 2, 0, 0);
    assert_close(record.event[1].value, 1, 0, 0);
    assert_close(record.event[2].value, 4, 0, 0);
    free(text);
}

static bool same_event(const struct dln_metric_event *a, const struct dln_metric_event *b)
{
    return a->metric == b->metric && a->has_step == b->has_step && a->step == b->step &&
           (a->value == b->value || (isnan(a->value) && isnan(b->value)));
}

/* Words that matter, in random order, with random bytes between. */
static size_t random_text(struct dln_rng *rng, char *out, size_t cap)
{
    static const char *const words[] = {
        "loss",  "val_acc", ":",       "=",    " ",       "0.5",
        "nan",   "\n",      "\r",      "{",    "}",       "\"loss\": 1",
        "epoch", "3",       "\033[1m", "\033", "dialin:", "holdout RMSE 7"};
    size_t len = 0;
    while (len + 40 < cap) {
        if (dln_rng_below(rng, 12) == 0) {
            out[len++] = (char)dln_rng_below(rng, 256);
            continue;
        }
        const char *word = words[dln_rng_below(rng, sizeof words / sizeof words[0])];
        memcpy(out + len, word, strlen(word));
        len += strlen(word);
    }
    return len;
}

static void any_cutting_into_chunks_gives_the_same(void **state)
{
    static struct record whole;
    static struct record cut;
    struct dln_rng rng;
    dln_rng_init(&rng, 20240229);
    size_t events = 0;
    for (int round = 0; round < 400; round++) {
        static char text[3000];
        const size_t len = random_text(&rng, text, 100 + dln_rng_below(&rng, sizeof text - 100));
        whole.n = cut.n = 0;
        dln_metric_reader_reset(*state);
        dln_metric_feed(*state, text, len, true, note, &whole);
        dln_metric_reader_reset(*state);
        for (size_t at = 0; at < len;) {
            size_t part = 1 + dln_rng_below(&rng, round % 2 ? 3 : 200);
            if (part > len - at) part = len - at;
            char *chunk = malloc(part); /* of its exact size, for the address sanitizer */
            assert_non_null(chunk);
            memcpy(chunk, text + at, part);
            dln_metric_feed(*state, chunk, part, false, note, &cut);
            free(chunk);
            at += part;
        }
        dln_metric_feed(*state, "", 0, true, note, &cut);
        assert_int_equal(whole.n, cut.n);
        for (size_t i = 0; i < whole.n; i++) {
            assert_true(same_event(&whole.event[i], &cut.event[i]));
        }
        events += whole.n;
    }
    assert_true(events > 1000);
}

static void bad_expressions_are_sentences_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *regex, *words;
    } cases[] = {
        {"loss (\\d+)", "3:5: expression of 'x': '\\d' is not known here, write '[0-9]'"},
        {"loss (\\D+)", "'\\D' is not known here, write '[^0-9]'"},
        {"loss \\S+", "needs a group"},
        {"loss (", "cannot be read"},
        {"loss (*)[", "cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_metric_pattern pattern = {
            .name = "x", .regex = cases[i].regex, .line = 3, .column = 5};
        struct dln_study study = plain_study();
        study.patterns = &pattern;
        dln_metric_reader *reader;
        struct dln_error err;
        assert_fails(dln_metric_reader_new(&study, &reader, &err), err, DLN_INVALID);
        assert_memory_equal(err.text, "3:5: expression of 'x'", 22);
        assert_non_null(strstr(err.text, cases[i].words));
    }
    struct dln_metric_pattern pattern = {.name = "x",
                                         .regex = "a\\\\d (\\S+)"}; /* a\d, literally */
    struct dln_study study = plain_study();
    study.patterns = &pattern;
    dln_metric_reader *reader;
    struct dln_error err;
    assert_ok(dln_metric_reader_new(&study, &reader, &err), err);
    expect(reader, "a\\d 5", "x=5");
    dln_metric_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_that_the_study_declares),
        cmocka_unit_test(limits_declare_metrics_but_not_parameters),
        cmocka_unit_test(json_lines_are_read),
        cmocka_unit_test(dialin_lines_are_read),
        cmocka_unit_test(expressions_of_the_study_are_read),
        cmocka_unit_test(names_with_a_number_are_read),
        cmocka_unit_test(steps_are_read),
        cmocka_unit_test(without_a_step_values_are_counted),
        cmocka_unit_test(colours_and_returns_are_taken_out),
        cmocka_unit_test(nul_bytes_are_blanks),
        cmocka_unit_test(of_a_long_line_the_beginning_counts),
        cmocka_unit_test(any_cutting_into_chunks_gives_the_same),
        cmocka_unit_test(bad_expressions_are_sentences_with_a_place),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
