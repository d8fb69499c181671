#include "cli/manual.h"

#include <string.h>

#include "cli/commands.h"
#include "cli/examples.h"
#include "cli/facts.h"
#include "dialin/strategy.h"
#include "dialin/strbuf.h"
#include "dialin/version.h"

/* ── roff ──────────────────────────────────────────────────────────────────────────────────────*/

/* Text up to `len` bytes: nothing in it is a request, and a dash stays one that can be copied. */
static void add_text(struct dln_strbuf *page, const char *text, size_t len)
{
    const bool begins = page->len == 0 || page->data[page->len - 1] == '\n';
    if (begins && len > 0 && (*text == '.' || *text == '\'')) dln_strbuf_add(page, "\\&");
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\\') {
            dln_strbuf_add(page, "\\e");
        } else if (text[i] == '-') {
            dln_strbuf_add(page, "\\-");
        } else if (strncmp(text + i, "…", strlen("…")) == 0) {
            dln_strbuf_add(page, "...");
            i += strlen("…") - 1;
        } else {
            dln_strbuf_add_char(page, text[i]);
        }
    }
}

static void add_words(struct dln_strbuf *page, const char *text)
{
    add_text(page, text, strlen(text));
}

static void add_bold(struct dln_strbuf *page, const char *text)
{
    dln_strbuf_add(page, "\\fB");
    add_words(page, text);
    dln_strbuf_add(page, "\\fR");
}

static void add_section(struct dln_strbuf *page, const char *title)
{
    dln_strbuf_addf(page, ".SH %s\n", title);
}

/* An item of a list: a bold term, and what it means. */
static void add_item(struct dln_strbuf *page, const char *term, const char *text)
{
    dln_strbuf_add(page, ".TP\n");
    add_bold(page, term);
    dln_strbuf_add_char(page, '\n');
    add_words(page, text);
    dln_strbuf_add_char(page, '\n');
}

static void add_facts(struct dln_strbuf *page, const char *title, const struct fact *facts)
{
    add_section(page, title);
    for (const struct fact *fact = facts; fact->name; fact++)
        add_item(page, fact->name, fact->text);
}

/* Lines: those that begin with blanks are examples and stay as they are. */
static void add_notes(struct dln_strbuf *page, const char *notes)
{
    bool in_example = false;
    dln_strbuf_add(page, ".PP\n");
    for (const char *line = notes; *line;) {
        const size_t len = strcspn(line, "\n");
        const bool is_example = strncmp(line, "  ", 2) == 0;
        if (is_example != in_example) {
            dln_strbuf_add(page, is_example ? ".PP\n.nf\n" : ".fi\n.PP\n");
        }
        in_example = is_example;
        add_text(page, line, len);
        dln_strbuf_add_char(page, '\n');
        line += len + (line[len] == '\n');
    }
    if (in_example) dln_strbuf_add(page, ".fi\n");
}

/* Calls with what they print, as it stands. */
static void add_examples(struct dln_strbuf *page, const char *command)
{
    for (const struct example *e = example_of(command, NULL); e; e = example_of(command, e)) {
        dln_strbuf_add(page, ".PP\n.nf\n");
        add_bold(page, "$ dialin ");
        add_bold(page, e->call);
        dln_strbuf_add_char(page, '\n');
        for (const char *line = e->output; *line;) {
            const size_t len = strcspn(line, "\n");
            add_text(page, line, len);
            dln_strbuf_add_char(page, '\n');
            line += len + 1;
        }
        dln_strbuf_add(page, ".fi\n");
    }
}

static void add_options(struct dln_strbuf *page, const struct option *options)
{
    for (const struct option *option = options; option && option->name; option++) {
        const char alias[] = {'-', option->alias, '\0'};
        dln_strbuf_add(page, ".TP\n");
        if (option->alias) {
            add_bold(page, alias);
            dln_strbuf_add(page, ", ");
        }
        dln_strbuf_add(page, "\\fB\\-\\-");
        add_words(page, option->name);
        dln_strbuf_add(page, "\\fR");
        if (option->value) {
            dln_strbuf_add(page, " \\fI");
            add_words(page, option->value);
            dln_strbuf_add(page, "\\fR");
        }
        dln_strbuf_add_char(page, '\n');
        add_words(page, option->help);
        dln_strbuf_add_char(page, '\n');
    }
}

/* ── the page ──────────────────────────────────────────────────────────────────────────────────*/

static void add_call(struct dln_strbuf *page, const char *words)
{
    add_bold(page, "dialin");
    dln_strbuf_add_char(page, ' ');
    add_words(page, words);
    dln_strbuf_add_char(page, '\n');
}

static void add_synopsis(struct dln_strbuf *page)
{
    add_section(page, "SYNOPSIS");
    for (const struct fact *call = fact_calls; call->name; call++) {
        if (call != fact_calls) dln_strbuf_add(page, ".br\n");
        add_call(page, call->name);
    }
    add_section(page, "DESCRIPTION");
    for (const struct fact *call = fact_calls; call->name; call++) {
        dln_strbuf_add(page, ".TP\n");
        add_call(page, call->name);
        add_words(page, call->text);
        dln_strbuf_add_char(page, '\n');
    }
}

static void add_command(struct dln_strbuf *page, const struct command *command)
{
    dln_strbuf_add(page, ".SS \"dialin ");
    add_words(page, command->name);
    dln_strbuf_add_char(page, ' ');
    add_words(page, command->words);
    dln_strbuf_add(page, "\"\n");
    add_words(page, command->summary);
    dln_strbuf_add_char(page, '\n');
    add_options(page, command->options);
    if (command->notes) add_notes(page, command->notes);
    add_examples(page, command->name);
}

static void add_strategies(struct dln_strbuf *page)
{
    add_section(page, "STRATEGIES");
    for (const struct dln_strategy *const *s = dln_strategies(); *s; s++) {
        add_item(page, (*s)->name, (*s)->summary);
        for (const struct dln_setting *setting = (*s)->settings; setting && setting->name;
             setting++) {
            dln_strbuf_add(page, ".br\n\\fI");
            add_words(page, setting->name);
            dln_strbuf_add(page, "\\fR: ");
            add_words(page, setting->help);
            dln_strbuf_add_char(page, '\n');
        }
    }
}

enum status print_manual(void)
{
    struct dln_strbuf page = {0};
    dln_strbuf_addf(&page, ".TH DIALIN 1 \"\" \"dialin %s\" \"User Commands\"\n", DLN_VERSION);
    add_section(&page, "NAME");
    dln_strbuf_add(&page, "dialin \\- ");
    add_words(&page, fact_purpose);
    dln_strbuf_add_char(&page, '\n');
    add_synopsis(&page);
    add_section(&page, "OPTIONS");
    add_options(&page, fact_options);
    for (int group = 0; group < GROUP_COUNT; group++) {
        dln_strbuf_addf(&page, ".SH \"COMMANDS: %s\"\n",
                        command_group_title((enum command_group)group));
        for (const struct command *const *c = commands(); *c; c++) {
            if ((*c)->group == (enum command_group)group) add_command(&page, *c);
        }
    }
    add_strategies(&page);
    add_facts(&page, "EXIT STATUS", fact_statuses);
    add_facts(&page, "FILES", fact_files);
    add_facts(&page, "ENVIRONMENT", fact_environment);
    add_facts(&page, "\"ENVIRONMENT OF A TRIAL\"", fact_trial_environment);
    return print_text(&page);
}
