#include "cli/options.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/num.h"

static size_t find_long(const struct option *table, const char *name, size_t len)
{
    for (size_t i = 0; table[i].name; i++) {
        if (strlen(table[i].name) == len && memcmp(table[i].name, name, len) == 0) return i;
    }
    return SIZE_MAX;
}

static size_t find_short(const struct option *table, char alias)
{
    for (size_t i = 0; table[i].name; i++) {
        if (table[i].alias == alias) return i;
    }
    return SIZE_MAX;
}

static bool unknown_long(const struct option *table, const char *word, size_t len,
                         struct dln_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), word);
    const char *names[OPTIONS_MAX + 1] = {"help"};
    size_t n = 1;
    for (size_t i = 0; table[i].name && n <= OPTIONS_MAX; i++)
        names[n++] = table[i].name;
    const char *const meant = dln_nearest_word(name, names, n);
    if (!meant) return dln_fail(err, DLN_USAGE, "unknown option '--%s'", name);
    return dln_fail(err, DLN_USAGE, "unknown option '--%s': did you mean '--%s'", name, meant);
}

struct scan { /* where the parser stands */
    int argc, at;
    char **argv;
    struct options *out;
};

static bool take_value(struct scan *scan, size_t index, const char *attached, const char *shown,
                       struct dln_error *err)
{
    const struct option *option = &scan->out->table[index];
    if (!attached) {
        if (scan->at + 1 >= scan->argc) {
            return dln_fail(err, DLN_USAGE, "'%s' needs a value: %s", shown, option->value);
        }
        attached = scan->argv[++scan->at];
    }
    scan->out->given[index] = attached;
    return true;
}

static bool parse_long(struct scan *scan, const char *word, struct dln_error *err)
{
    const char *const name = word + 2;
    const char *const equals = strchr(name, '=');
    const size_t len = equals ? (size_t)(equals - name) : strlen(name);
    if (len == 4 && memcmp(name, "help", 4) == 0) {
        scan->out->help = true;
        return true;
    }
    const struct option *const table = scan->out->table;
    const size_t index = find_long(table, name, len);
    if (index == SIZE_MAX) return unknown_long(table, name, len, err);
    if (table[index].value) return take_value(scan, index, equals ? equals + 1 : NULL, word, err);
    if (equals) return dln_fail(err, DLN_USAGE, "'--%s' takes no value", table[index].name);
    scan->out->given[index] = "";
    return true;
}

static bool parse_short(struct scan *scan, const char *word, struct dln_error *err)
{
    for (const char *letter = word + 1; *letter; letter++) {
        if (*letter == 'h') {
            scan->out->help = true;
            continue;
        }
        const size_t index = find_short(scan->out->table, *letter);
        if (index == SIZE_MAX) {
            return dln_fail(err, DLN_USAGE, "unknown option '-%c' in '%s'", *letter, word);
        }
        if (scan->out->table[index].value) {
            return take_value(scan, index, letter[1] ? letter + 1 : NULL, word, err);
        }
        scan->out->given[index] = "";
    }
    return true;
}

/* "-0.5", where no option is a digit. */
static bool is_number(const struct option *table, const char *word)
{
    double value;
    return find_short(table, word[1]) == SIZE_MAX && dln_num_parse(word, strlen(word), &value);
}

bool options_parse(const struct option *table, int argc, char **argv, struct options *out,
                   struct dln_error *err)
{
    static const struct option none[] = {{0}};
    *out = (struct options){.table = table ? table : none, .words = argv};
    struct scan scan = {.argc = argc, .argv = argv, .out = out};
    bool only_words = false;
    for (; scan.at < argc; scan.at++) {
        char *const word = argv[scan.at];
        if (only_words || word[0] != '-' || word[1] == '\0' || is_number(scan.out->table, word)) {
            out->words[out->n_words++] = word; /* never beyond scan.at */
        } else if (strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!(word[1] == '-' ? parse_long(&scan, word, err)
                                    : parse_short(&scan, word, err))) {
            return false;
        }
    }
    return true;
}

const char *option_text(const struct options *options, const char *name)
{
    const size_t index = find_long(options->table, name, strlen(name));
    assert(index < OPTIONS_MAX);
    return index < OPTIONS_MAX ? options->given[index] : NULL;
}

bool option_given(const struct options *options, const char *name)
{
    return option_text(options, name) != NULL;
}

bool option_whole(const struct options *options, const char *name, int64_t low, int64_t high,
                  int64_t *out, struct dln_error *err)
{
    const char *const text = option_text(options, name);
    if (!text) return true;
    int64_t value;
    if (!dln_num_parse_int(text, strlen(text), &value) || value < low || value > high) {
        if (high == INT64_MAX) {
            return dln_fail(err, DLN_USAGE, "'--%s %s': must be a whole number, at least %" PRId64,
                            name, text, low);
        }
        return dln_fail(err, DLN_USAGE,
                        "'--%s %s': must be a whole number from %" PRId64 " to %" PRId64, name,
                        text, low, high);
    }
    *out = value;
    return true;
}

void options_help(const struct option *table, FILE *to)
{
    size_t width = strlen("-h, --help");
    for (size_t i = 0; table && table[i].name; i++) {
        const size_t len =
            6 + strlen(table[i].name) + (table[i].value ? 1 + strlen(table[i].value) : 0);
        if (len > width) width = len;
    }
    for (size_t i = 0; table && table[i].name; i++) {
        char left[80];
        const char alias[] = {'-', table[i].alias, ',', ' ', '\0'};
        snprintf(left, sizeof left, "%s--%s%s%s", table[i].alias ? alias : "    ", table[i].name,
                 table[i].value ? " " : "", table[i].value ? table[i].value : "");
        fprintf(to, "  %-*s  %s\n", (int)width, left, table[i].help);
    }
    fprintf(to, "  %-*s  %s\n", (int)width, "-h, --help", "this text");
}
