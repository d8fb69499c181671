/* Config files that Python's own readers take in: json, tomllib, configparser. */
#include <unistd.h>

#include "support/program.h"

/* Prints the loss if every value is what params.json says, by value and by type. */
static const char reader[] =
    "import configparser, json, os, sys, tomllib\n"
    "path = sys.argv[1]\n"
    "assert path == os.path.join(os.environ['DIALIN_DIR'], os.path.basename(path)), path\n"
    "text = open(path, encoding='utf-8').read()\n"
    "expected = json.load(open(os.environ['DIALIN_PARAMS']))\n"
    "if path.endswith('.toml'):\n"
    "    tree = tomllib.loads(text)\n"
    "elif path.endswith('.ini'):\n"
    "    tree = configparser.ConfigParser(interpolation=None)\n"
    "    tree.optionxform = str\n"
    "    tree.read_string(text)\n"
    "else:\n"
    "    tree = json.loads(text)\n"
    "def find(name):\n"
    "    if path.endswith('.ini'):\n"
    "        section, _, key = name.rpartition('.')\n"
    "        return tree[section or 'DEFAULT'][key]\n"
    "    at = tree\n"
    "    for part in name.split('.'):\n"
    "        at = at[part]\n"
    "    return at\n"
    "for name, value in expected.items():\n"
    "    found = find(name)\n"
    "    if path.endswith('.ini'):\n"
    "        if isinstance(value, bool):\n"
    "            value = str(value).lower()\n"
    "        elif isinstance(value, float):\n"
    "            found = float(found)\n"
    "        else:\n"
    "            value = str(value)\n"
    "    assert type(found) is type(value) and found == value, (name, found, value)\n"
    "print('loss:', expected['opt.lr'])\n";

static const char base_json[] =
    "{\"opt\": {\"lr\": 0.1, \"kind\": \"sgd\"}, \"layers\": 1, \"amp\": false, \"text\": \"\"}\n";
static const char base_toml[] =
    "layers = 1 # a comment\namp = false\ntext = ''\n\n[opt]\nlr = 0.1\nkind = \"sgd\"\n";
static const char base_ini[] = "[DEFAULT]\nlayers = 1\namp = no\ntext =\n\n"
                               "[opt]\n# a comment\nlr = 0.1\nkind: sgd\n";

static void write_study(const char *config)
{
    char text[1024];
    snprintf(text, sizeof text,
             "study: files\nrun: python3 reader.py {config}\nobjective: {minimize: loss}\n"
             "config: {%s}\n"
             "space:\n"
             "  opt.lr: {float: [1e-7, 1], log: true}\n"
             "  opt.kind: {choice: [sgd, 'adam \"w\"', '1.5', 'yes', \"it's \\\\ #; %%d {}\"]}\n"
             "  layers: {int: [1, 9]}\n"
             "  amp: {flag: true}\n"
             "  text: {choice: [ä🚀, 'null', 'a = b : c', '[x]']}\n"
             "strategy: random\nbudget: {trials: 12}\nseed: 1\n",
             config);
    write_file("files.yaml", text);
}

static void python_reads_back_what_was_meant(void **state)
{
    (void)state;
    static const char *const configs[] = {
        "from: base.json, as: json",
        "from: base.toml, as: toml",
        "from: base.ini, as: ini",
        "as: json",
        "as: toml",
        "as: ini",
    };
    write_file("reader.py", reader);
    write_file("base.json", base_json);
    write_file("base.toml", base_toml);
    write_file("base.ini", base_ini);
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        write_study(configs[i]);
        expect("check files.yaml", 0, "5 values");
        expect("run files.yaml --headless", 0, "12 of 12 trials: 12 ok");
        assert_int_equal(system("rm -r files.db* files.runs"), 0);
    }
}

static void the_file_is_kept_with_its_trial_and_named_by_its_command(void **state)
{
    (void)state;
    write_file("reader.py", reader);
    write_file("base.toml", base_toml);
    write_study("from: base.toml, as: toml");
    expect("check files.yaml", 0,
           "config     config.toml, 5 values filled into a copy of base.toml");
    expect("check files.yaml", 0, "python3 reader.py RUN_DIR/config.toml");
    expect("run files.yaml --headless", 0, "12 ok");
    expect("cmd files.yaml 3", 0, "files.runs/000003/config.toml");
    char *text = read_all("files.runs/000003/config.toml");
    assert_non_null(strstr(text, "# a comment"));
    free(text);
}

static void what_does_not_fit_is_told_before_the_first_trial(void **state)
{
    (void)state;
    write_study("from: nothing.toml, as: toml");
    expect("check files.yaml", 2, "4:1: the template 'nothing.toml' of 'config' cannot be read");
    expect("run files.yaml --headless", 2, "nothing.toml");
    write_file("base.toml", "layers = 1\namp = false\ntext = ''\n[opt]\nlrate = 1\nkind = ''\n");
    write_study("from: base.toml, as: toml");
    expect("check files.yaml", 2, "parameter 'opt.lr' is no key of 'base.toml'");
    write_file("base.toml", "layers = 1\namp == false\n");
    expect("check files.yaml", 2, "base.toml:2:6: a value is expected here");
}

static void the_sample_is_a_valid_study(void **state)
{
    (void)state;
    expect("check " TEST_SOURCE "/samples/config/study.yaml", 0,
           "config.toml, 5 values filled into a copy of base.toml");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, in_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(python_reads_back_what_was_meant),
        TEST(the_file_is_kept_with_its_trial_and_named_by_its_command),
        TEST(what_does_not_fit_is_told_before_the_first_trial),
        TEST(the_sample_is_a_valid_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
