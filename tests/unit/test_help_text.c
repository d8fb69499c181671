/* What --help tells: argparse, click, Boost, GNU, libsvm and Go each have their own way. */
#include "draft/option_kind.h"
#include "draft/help_text.h"
#include "support/test.h"

static struct dln_arena arena;

static int release(void **state)
{
    (void)state;
    dln_arena_release(&arena);
    arena = (struct dln_arena){0};
    return 0;
}

static struct help_text help_of(const char *text)
{
    struct help_text out;
    assert_true(help_text_read(text, &arena, &out));
    return out;
}

static const struct help_option *option_of(const struct help_text *help, const char *name)
{
    for (size_t i = 0; i < help->n; i++) {
        if (strcmp(help->option[i].name, name) == 0) return &help->option[i];
    }
    fail_msg("no option '%s'", name);
    return NULL;
}

static struct guess guess_of(const char *line, const char *name)
{
    const struct help_text help = help_of(line);
    struct guess out;
    assert_true(guess_option(option_of(&help, name), false, &arena, &out));
    return out;
}

static void argparse_is_read(void **state)
{
    (void)state;
    const struct help_text help =
        help_of("usage: train.py [-h] [--lr LR] [--opt {sgd,adam}] [-e EPOCHS]\n"
                "                --needed NEEDED\n\n"
                "options:\n"
                "  -h, --help            show this help message and exit\n"
                "  --lr LR, --learning-rate LR\n"
                "                        learning rate (default: 0.001)\n"
                "  --opt {sgd,adam}      which (default: adam)\n"
                "  -e EPOCHS, --epochs EPOCHS\n"
                "                        a text that\n"
                "                        wraps (default: 10)\n"
                "  --amp, --no-amp       y (default: True)\n");
    assert_int_equal(help.n, 5);
    assert_string_equal(option_of(&help, "lr")->initial, "0.001");
    assert_string_equal(option_of(&help, "lr")->word, "--lr");
    assert_string_equal(option_of(&help, "epochs")->initial, "10");
    const struct help_option *opt = option_of(&help, "opt");
    assert_int_equal(opt->n_choices, 2);
    assert_string_equal(opt->choices[1], "adam");
    assert_string_equal(opt->initial, "adam");
    assert_true(option_of(&help, "amp")->has_opposite);
    assert_string_equal(option_of(&help, "amp")->value, "");
}

static void others_are_read_too(void **state)
{
    (void)state;
    const struct help_text help =
        help_of("  -c cost : set the parameter C (default 1)\n"
                "\t0 -- no option\n"
                "  --lr FLOAT RANGE      rate  [default: 0.5; 0<=x<=1]\n"
                "  --opt [sgd|adam]      which\n"
                "  --shuffle / --no-shuffle\n"
                "  --decay arg (=0.01)   weight decay\n"
                "  -width int\n    \tof a layer (default 64)\n"
                "  -g, --gamma=G         the width, from 0.1 to 10, defaults to 1.5.\n"
                "  --[no-]warm           start warm\n"
                "  --kind=KIND           one of: a, b, c\n"
                "  --cold\n  --no-cold\n");
    assert_string_equal(option_of(&help, "c")->word, "-c");
    assert_string_equal(option_of(&help, "c")->value, "cost");
    assert_string_equal(option_of(&help, "c")->initial, "1");
    assert_string_equal(option_of(&help, "lr")->initial, "0.5");
    assert_close(option_of(&help, "lr")->high, 1, 0, 0);
    assert_int_equal(option_of(&help, "opt")->n_choices, 2);
    assert_true(option_of(&help, "shuffle")->has_opposite);
    assert_string_equal(option_of(&help, "decay")->initial, "0.01");
    assert_string_equal(option_of(&help, "width")->word, "-width");
    assert_string_equal(option_of(&help, "width")->initial, "64");
    assert_string_equal(option_of(&help, "gamma")->initial, "1.5");
    assert_close(option_of(&help, "gamma")->low, 0.1, 0, 0);
    assert_true(option_of(&help, "warm")->has_opposite);
    assert_int_equal(option_of(&help, "kind")->n_choices, 3);
    assert_true(option_of(&help, "cold")->has_opposite);
    assert_int_equal(help.n, 10);
}

static void foreign_bytes_do_no_harm(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "-",       "--",     "---",        "--=",           "--a={",
        "--a={,}",   "--a [",   "--a (=", "-a default", "--a |",         "--\xff\xfe default: ",
        "--a={b,b}", "--[no-]", "--no-",  "usage:",     "--a,--b,,--c/",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const struct help_text help = help_of(texts[i]);
        for (size_t k = 0; k < help.n; k++) {
            struct guess out;
            assert_true(guess_option(&help.option[k], true, &arena, &out));
        }
    }
}

static void ranges_surround_the_default(void **state)
{
    (void)state;
    static const struct {
        const char *line, *name;
        double low, high;
        bool log;
    } cases[] = {
        {"--lr LR  (default: 0.001)", "lr", 1e-5, 0.1, true},
        {"--lr LR  (default: 1)", "lr", 0.01, 1, true},
        {"--weight-decay W", "weight-decay", 1e-6, 0.1, true},
        {"--dropout D  (default: 0.1)", "dropout", 0, 0.6, false},
        {"--momentum M  (default: 0.9)", "momentum", 0, 0.99, false},
        {"--layers N  (default: 4)", "layers", 1, 16, false},
        {"--hidden N  (default: 256)", "hidden", 64, 1024, true},
        {"--temperature T  (default: 2.5)", "temperature", 0.2, 20, true},
        {"--scale X  from 2 to 8 (default: 3)", "scale", 2, 8, false},
        {"-c COST  (default 1)", "c", 0.001, 1000, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct guess guess = guess_of(cases[i].line, cases[i].name);
        assert_int_equal(guess.kind, GUESS_PARAM);
        assert_close(guess.param.low, cases[i].low, 0, 1e-12);
        assert_close(guess.param.high, cases[i].high, 0, 1e-12);
        assert_int_equal(guess.param.log, cases[i].log);
    }
}

static void what_is_no_hyperparameter_is_left_alone(void **state)
{
    (void)state;
    assert_int_equal(guess_of("--epochs N  (default: 10)", "epochs").kind, GUESS_LEAVE);
    assert_int_equal(guess_of("--num-workers N  (default: 4)", "num-workers").kind, GUESS_LEAVE);
    assert_int_equal(guess_of("--save-dir DIR", "save-dir").kind, GUESS_LEAVE);
    assert_int_equal(guess_of("--title T  (default: none of them)", "title").kind, GUESS_LEAVE);
    assert_int_equal(guess_of("--seed N  (default: 0)", "seed").kind, GUESS_SEED);
    assert_int_equal(guess_of("--amp  mixed precision", "amp").param.kind, DLN_PARAM_FLAG);
    assert_string_equal(guess_of("--amp, --no-amp  (default: True)", "amp").param.name, "no-amp");
}

static void what_was_typed_is_taken_as_it_is(void **state)
{
    (void)state;
    struct dln_param param;
    struct dln_error err = {0};
    assert_ok(guess_typed("lr", "1e-5..0.1 log", &arena, &param, &err), err);
    assert_int_equal(param.kind, DLN_PARAM_FLOAT);
    assert_true(param.log);
    assert_ok(guess_typed("n", "1..8", &arena, &param, &err), err);
    assert_int_equal(param.kind, DLN_PARAM_INT);
    assert_close(param.high, 8, 0, 0);
    assert_ok(guess_typed("opt", "sgd|adam", &arena, &param, &err), err);
    assert_int_equal(param.n_choices, 2);
    assert_ok(guess_typed("amp", "flag", &arena, &param, &err), err);
    assert_int_equal(param.kind, DLN_PARAM_FLAG);
    static const char *const wrong[] = {"",     "1",        "1..",     "..1", "2..1",
                                        "a||b", "0..1 log", "1..nan",  "|",   ".. log",
                                        "x..y", "1...2",    "1 .. log"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_fails(guess_typed("x", wrong[i], &arena, &param, &err), err, DLN_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(argparse_is_read, release),
        cmocka_unit_test_teardown(others_are_read_too, release),
        cmocka_unit_test_teardown(foreign_bytes_do_no_harm, release),
        cmocka_unit_test_teardown(ranges_surround_the_default, release),
        cmocka_unit_test_teardown(what_is_no_hyperparameter_is_left_alone, release),
        cmocka_unit_test_teardown(what_was_typed_is_taken_as_it_is, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
