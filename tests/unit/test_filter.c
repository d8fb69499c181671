/* What a filter keeps of a handful of trials, and where it says what is wrong. */
#include "support/test.h"

#include "dialin/filter.h"

static const struct dln_scalar choices[] = {
    {.kind = DLN_SCALAR_TEXT, .text = "adamw"},
    {.kind = DLN_SCALAR_TEXT, .text = "sgd"},
};
static struct dln_param params[] = {
    {.name = "lr", .kind = DLN_PARAM_FLOAT, .low = 1e-5, .high = 1, .log = true},
    {.name = "opt", .kind = DLN_PARAM_CHOICE, .high = 1, .choices = choices, .n_choices = 2},
};
static const struct dln_space space = {.n = 2, .params = params};
static const char *const metrics[] = {"val_loss"};

static const struct row {
    int64_t number;
    enum dln_trial_state state;
    double lr, loss, time_s;
    const char *opt, *tags, *note, *detail;
} rows[] = {
    {0, DLN_TRIAL_COMPLETE, 1e-3, 0.5, 30, "adamw", "", "", ""},
    {1, DLN_TRIAL_COMPLETE, 1e-4, 0.3, 150, "sgd", "paper base", "cosine restarts", ""},
    {2, DLN_TRIAL_PRUNED, 1e-2, (double)NAN, 20, "adamw", "", "", "asha"},
    {3, DLN_TRIAL_FAIL, 0.5, (double)NAN, 4000, "sgd", "", "", "CUDA out of memory"},
    {4, DLN_TRIAL_RUNNING, 1e-3, (double)NAN, 9, "adamw", "base", "", ""},
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static void set_truth(struct dln_value *out, bool truth)
{
    *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = truth};
}

static void set_number(struct dln_value *out, double x)
{
    if (x == x) *out = (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = x};
}

static void read_row(void *context, const struct dln_filter_field *field, struct dln_value *out)
{
    const struct row *row = context;
    switch ((int)field->kind) {
    case DLN_FILTER_PARAM:
        if (field->index == 0) {
            set_number(out, row->lr);
        } else {
            *out = (struct dln_value){.kind = DLN_VALUE_TEXT, .text = row->opt};
        }
        break;
    case DLN_FILTER_METRIC:
    case DLN_FILTER_VALUE: set_number(out, row->loss); break;
    case DLN_FILTER_NUMBER: set_number(out, (double)row->number); break;
    case DLN_FILTER_TIME: set_number(out, row->time_s); break;
    case DLN_FILTER_STATE:
        *out = (struct dln_value){.kind = DLN_VALUE_TEXT, .text = dln_trial_state_word(row->state)};
        break;
    case DLN_FILTER_STATES: set_truth(out, field->states >> row->state & 1); break;
    case DLN_FILTER_NUMBERS:
        set_truth(out, row->number >= field->low && row->number <= field->high);
        break;
    case DLN_FILTER_TAG: set_truth(out, dln_tags_have(row->tags, field->text)); break;
    case DLN_FILTER_NOTE:
        set_truth(out, *row->note && dln_text_holds(row->note, field->text));
        break;
    case DLN_FILTER_TEXT:
        set_truth(out, dln_text_holds(row->detail, field->text) ||
                           dln_text_holds(row->opt, field->text));
        break;
    default: fail_msg("field %d", (int)field->kind);
    }
}

static const char *saved_text(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "good") == 0) return "val_loss < 0.4 or state:run";
    if (strcmp(name, "ring") == 0) return "lr > 0 and @ring";
    return strcmp(name, "bad") == 0 ? "lr >" : NULL;
}

static const struct dln_filter_names names = {
    .space = &space,
    .m = 1,
    .metric = metrics,
    .saved = saved_text,
    .left_out = UINT64_C(1) << DLN_FILTER_WHY,
};

/* "134": the numbers of the rows that are kept. */
static void assert_kept(const char *text, const char *expected)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_filter *filter;
    char kept[N_ROWS + 1] = "";
    size_t n = 0, column = 0;
    if (!dln_filter_parse(text, &names, &arena, &filter, &column, &err)) {
        fail_msg("%s: column %zu: %s", text, column, err.text);
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        struct row row = rows[i];
        if (dln_filter_keeps(filter, read_row, &row)) kept[n++] = (char)('0' + row.number);
    }
    kept[n] = '\0';
    if (strcmp(kept, expected) != 0) fail_msg("%s: %s, not %s", text, kept, expected);
    dln_arena_release(&arena);
}

static void assert_wrong(const char *text, size_t column, const char *sentence)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    const struct dln_filter *filter;
    size_t at = 0;
    assert_false(dln_filter_parse(text, &names, &arena, &filter, &at, &err));
    if (at != column || !strstr(err.text, sentence)) {
        fail_msg("%s: column %zu: %s", text, at, err.text);
    }
    dln_arena_release(&arena);
}

static void values_are_compared_by_the_language_of_study_files(void **state)
{
    (void)state;
    assert_kept("lr > 1e-4 and opt == adamw", "024");
    assert_kept("opt = sgd", "13");
    assert_kept("opt in [sgd, adamw] and not lr < 0.01", "23");
    assert_kept("val_loss < 0.4", "1");
    assert_kept("val_loss * 2 >= 1", "0");
    assert_kept("value < 1 or number == 3", "013");
    assert_kept("state == cut", "2");
}

static void times_have_units(void **state)
{
    (void)state;
    assert_kept("time > 2m", "13");
    assert_kept("time < 0.5m and time > 9500ms", "2");
    assert_kept("duration > 1h", "3");
    assert_wrong("time > 2x", 8, "neither a number");
}

static void atoms_name_states_numbers_tags_and_notes(void **state)
{
    (void)state;
    assert_kept("state:ok", "01");
    assert_kept("state:run,err", "34");
    assert_kept("state:FAIL", "3");
    assert_kept("not state:ok|cut", "34");
    assert_kept("#3", "3");
    assert_kept("#1..2 or #4", "124");
    assert_kept("#3..", "34");
    assert_kept("tag:base", "14");
    assert_kept("tag:bas", "");
    assert_kept("note:COSINE", "1");
    assert_kept("note:'cosine r'", "1");
    assert_kept("has:note or has:tag", "14");
    assert_kept("has:val_loss", "01");
    assert_kept("(state:ok)and(#0)", "0");
}

static void words_by_themselves_are_looked_for(void **state)
{
    (void)state;
    assert_kept("cuda", "3");
    assert_kept("'out of' or asha", "23");
    assert_kept("sgd and not CUDA", "1");
    assert_kept("nothing", "");
}

static void saved_filters_stand_for_their_text(void **state)
{
    (void)state;
    assert_kept("@good", "14");
    assert_kept("not @good and lr < 0.01", "0");
    assert_wrong("lr > 0 and @better", 12, "saved as 'better'");
    assert_wrong("@bad", 1, "@bad");
    assert_wrong("@ring", 1, "nested too deeply");
}

static void what_is_wrong_is_said_under_its_column(void **state)
{
    (void)state;
    assert_wrong("lrr > 1", 1, "did you mean 'lr'");
    assert_wrong("lr > 1 and val_los < 2", 12, "did you mean 'val_loss'");
    assert_wrong("state:okay", 7, "none of run, ok, cut, err, wait");
    assert_wrong("#a..b", 1, "no number of a trial");
    assert_wrong("lr > 0 and tags:x", 12, "none of state:, tag:, note:, has:");
    assert_wrong("tag:", 1, "missing behind 'tag:'");
    assert_wrong("lr > 1 and", 11, "missing at the end");
    assert_wrong("lr 1", 4, "operator");
    assert_wrong("why == x", 1, "dialin trials --filter");
    assert_wrong("lr && opt", 4, "'and'");
}

/* Only filters know atoms: a study file's conditions stay what they were. */
static void conditions_of_study_files_have_no_atoms(void **state)
{
    (void)state;
    static const char *const texts[] = {"state:ok", "#12", "2m > 1", "@good"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct dln_arena arena = {0};
        const struct dln_expr *expr;
        assert_false(dln_expr_parse(texts[i], &arena, &expr, NULL, NULL));
        dln_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_compared_by_the_language_of_study_files),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(atoms_name_states_numbers_tags_and_notes),
        cmocka_unit_test(words_by_themselves_are_looked_for),
        cmocka_unit_test(saved_filters_stand_for_their_text),
        cmocka_unit_test(what_is_wrong_is_said_under_its_column),
        cmocka_unit_test(conditions_of_study_files_have_no_atoms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
