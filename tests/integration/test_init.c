/* `dialin init` and `dialin try`: programs are asked what their options are, by real --help's. */
#include "support/program.h"

#include <sys/stat.h>

static const char argparse_program[] =
    "import argparse\n"
    "p = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)\n"
    "p.add_argument('data', help='where the data are')\n"
    "p.add_argument('--lr', '--learning-rate', type=float, default=1e-3, help='its rate')\n"
    "p.add_argument('--batch-size', type=int, default=64, help='a batch')\n"
    "p.add_argument('--optimizer', choices=['sgd', 'adam'], default='adam', help='which')\n"
    "p.add_argument('--amp', action='store_true', help='mixed precision')\n"
    "p.add_argument('--seed', type=int, default=0, help='of all')\n"
    "p.add_argument('-e', '--epochs', type=int, default=2, help='how long, in a text that is "
    "much too long for a line of eighty columns')\n"
    "a = p.parse_args()\n"
    "for e in range(a.epochs):\n"
    "    print('epoch', e, 'loss', abs(a.lr - 0.01) + (0 if a.amp else 0.1), flush=True)\n";

/* util-linux' getopt(1) is getopt_long(3). */
static const char getopt_program[] =
    "#!/bin/sh\n"
    "words=$(getopt -o c:g:h --long help,cost:,gamma: -n fit -- \"$@\") || exit 2\n"
    "eval set -- \"$words\"\n"
    "c=1 g=0.5\n"
    "while [ \"$1\" != -- ]; do\n"
    "  case $1 in\n"
    "  -h|--help) cat <<'END'\n"
    "Usage: fit [OPTION]... FILE\n"
    "\n"
    "  -c, --cost=C      penalty of an error (default 1)\n"
    "  -g, --gamma=G     width of the kernel, between 0.01 and 10 (default 0.5)\n"
    "  -h, --help        this text\n"
    "END\n"
    "    exit 0 ;;\n"
    "  -c|--cost) c=$2; shift 2 ;;\n"
    "  -g|--gamma) g=$2; shift 2 ;;\n"
    "  esac\n"
    "done\n"
    "echo \"error=$c\"\n";

static void write_programs(void)
{
    write_file("train.py", argparse_program);
    write_file("fit", getopt_program);
    assert_int_equal(chmod("fit", 0755), 0);
}

static void assert_has(const char *name, const char *text)
{
    char *all = read_all(name);
    if (!strstr(all, text)) fail_msg("no '%s' in %s: %s", text, name, all);
    free(all);
}

static void an_argparse_program_is_read(void **state)
{
    (void)state;
    write_programs();
    expect("init --minimize loss -- python3 train.py data.csv --epochs 3", 0,
           "train.yaml: written");
    assert_has("train.yaml", "run: [python3, train.py, data.csv, \"--epochs\", \"3\", \"--seed\", "
                             "\"{seed}\", \"{args}\"]");
    assert_has("train.yaml", "lr: {float: [1e-05, 0.1], log: true, default: 0.001}");
    assert_has("train.yaml", "batch-size: {choice: [16, 32, 64, 128, 256], ordered: true, "
                             "default: 64}");
    assert_has("train.yaml", "optimizer: {choice: [sgd, adam], default: adam}");
    assert_has("train.yaml", "amp: {flag: true} # a switch");
    expect("check train.yaml", 0, "--epochs 3 --seed");
    expect("run train.yaml --headless --paused --end-when-paused", 1, "no trial has run yet");
}

static void a_getopt_program_is_read_and_run(void **state)
{
    (void)state;
    write_programs();
    expect("try --headless --trials 4 --minimize error -- ./fit data", 0, "4 of 4 trials: 4 ok");
    assert_has("fit.yaml", "cost: {float: [0.001, 1000.0], log: true, default: 1.0}");
    assert_has("fit.yaml", "gamma: {float: [0.01, 10.0], default: 0.5}");
    expect("try --headless --trials 4 --minimize error -- ./fit data", 0, "nothing is left to run");
    expect("try --headless --trials 9 --minimize error -- ./fit data", 2,
           "'fit.yaml' is there already");
    expect("try --headless --trials 6 --force --minimize error -- ./fit data", 0,
           "6 of 6 trials: 6 ok");
}

static void placeholders_say_where_values_go(void **state)
{
    (void)state;
    write_programs();
    write_file("t.sh", "echo loss=$1 $2\n");
    expect("init --print -- ./fit -c '{C}' data", 0, "run: [\"./fit\", \"-c\", \"{C}\", data]");
    expect("init --print -- ./fit -c '{C}' data", 0, "C: {float: [0.001, 1000.0], log: true");
    expect("init --print -- sh t.sh '{x}'", 2, "nothing tells what values '{x}' has");
    expect("try --headless --trials 3 --vary 'x=0..1.5, y=a|b' -- sh t.sh '{x}' '{y}'", 0,
           "3 of 3 trials: 3 ok");
    expect("init --print --vary 'x=1..0' -- sh t.sh '{x}'", 2, "is no range");
    expect("init --print --vary 'z' -- sh t.sh '{lr}'", 2, "has no option 'z'");
}

static void only_what_is_named_is_varied(void **state)
{
    (void)state;
    write_programs();
    expect("init --vary 'lr=1e-4..1 log, epochs' -- python3 train.py d", 0, "train.yaml: written");
    assert_has("train.yaml",
               "lr: {float: [0.0001, 1.0], log: true, default: 0.001} # as --vary says");
    assert_has("train.yaml", "epochs: {int: [1, 8], default: 2}");
    char *text = read_all("train.yaml");
    assert_null(strstr(text, "optimizer"));
    free(text);
    expect("check train.yaml", 0, "2 parameters");
}

static void a_file_that_is_there_is_kept(void **state)
{
    (void)state;
    write_programs();
    write_file("train.yaml", "study: mine\n");
    expect("init python3 train.py", 2, "'train.yaml' is there already, and was left as it is");
    assert_has("train.yaml", "study: mine\n");
    expect("init --force python3 train.py", 0, "train.yaml: replaced");
    expect("init python3 train.py", 0, "train.yaml: is there already, word for word");
    expect("init -o other.yaml python3 train.py", 0, "other.yaml: written");
    expect("init -o other.txt python3 train.py", 2, "ends in .yaml");
}

static void a_dry_run_comes_before_anything_is_kept(void **state)
{
    (void)state;
    write_programs();
    write_file("bad.sh", "echo cannot read $1 >&2\nexit 1\n");
    write_file("no.sh", "exit 0\n");
    assert_int_equal(setenv("TMPDIR", ".", 1), 0);
    expect("init --dry-run --minimize error -- ./fit data", 0, "dry run: error 1, 1 value in");
    expect("init --dry-run -- python3 train.py data", 0, "dry run: loss 0.109, 2 values in");
    expect("init --dry-run --print --vary 'x=0..1.0' -- sh bad.sh {x}", 0, "dry run: no 'loss' in");
    expect("init --dry-run --print --vary 'x=0..1.0' -- sh bad.sh {x}", 0,
           "its last line: cannot read 0.5");
    expect("init --dry-run --print --vary 'x=0..1.0' -- sh no.sh {x}", 0, "it printed nothing");
    expect("init --dry-run --vary 'x=0..1.0' -- ./nothing {x}", 2, "start './nothing'");
    assert_int_equal(unsetenv("TMPDIR"), 0);
}

static void programs_that_tell_nothing_are_named(void **state)
{
    (void)state;
    write_file("mute.sh", "exit 0\n");
    expect("init sh mute.sh", 2, "'sh mute.sh --help' tells no options that could be varied");
    expect("init ./nothing", 2, "start './nothing': No such file or directory");
    expect("init", 2, "usage: dialin init -- COMMAND");
    expect("init --minimize a --maximize b -- sh mute.sh", 2, "not both");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_argparse_program_is_read),
        TEST(a_getopt_program_is_read_and_run),
        TEST(placeholders_say_where_values_go),
        TEST(only_what_is_named_is_varied),
        TEST(a_dry_run_comes_before_anything_is_kept),
        TEST(a_file_that_is_there_is_kept),
        TEST(programs_that_tell_nothing_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
