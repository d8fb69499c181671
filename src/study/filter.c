/* Filters: the expression of expr_parse.c with its names and atoms bound to fields of a trial. */
#include "dialin/filter.h"

#include <stdio.h>
#include <string.h>

#include "dialin/nearest.h"
#include "dialin/num.h"
#include "space/expr_node.h"

static const struct {
    const char *name;
    enum dln_filter_kind kind;
} words[] = {
    {"value", DLN_FILTER_VALUE},       {"number", DLN_FILTER_NUMBER},
    {"state", DLN_FILTER_STATE},       {"time", DLN_FILTER_TIME},
    {"duration", DLN_FILTER_TIME},     {"step", DLN_FILTER_STEP},
    {"last", DLN_FILTER_LAST},         {"rank", DLN_FILTER_RANK},
    {"reason", DLN_FILTER_REASON},     {"slot", DLN_FILTER_SLOT},
    {"started", DLN_FILTER_STARTED},   {"ended", DLN_FILTER_ENDED},
    {"attempts", DLN_FILTER_ATTEMPTS}, {"strategy", DLN_FILTER_STRATEGY},
    {"why", DLN_FILTER_WHY},           {"detail", DLN_FILTER_DETAIL},
};
enum { N_WORDS = sizeof words / sizeof words[0] };

static const char attribute_prefix[] = "attr.";

struct dln_filter {
    struct dln_expr *expr;
    struct dln_filter_field *fields; /* by slot */
    size_t n;
};

struct binder {
    const struct dln_filter_names *names;
    struct dln_arena *arena;
    struct dln_filter *filter;
    size_t column;
    struct dln_error *err;
};

bool dln_filter_word(const char *name, enum dln_filter_kind *out)
{
    for (size_t i = 0; i < N_WORDS; i++) {
        if (strcmp(words[i].name, name) != 0) continue;
        *out = words[i].kind;
        return true;
    }
    return false;
}

const char *dln_filter_word_at(size_t i)
{
    return i < N_WORDS ? words[i].name : NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool dln_text_holds(const char *text, const char *wanted)
{
    for (; *text; text++) {
        size_t i = 0;
        while (wanted[i] && lower(text[i]) == lower(wanted[i]))
            i++;
        if (!wanted[i]) return true;
    }
    return !*wanted;
}

bool dln_tags_have(const char *tags, const char *tag)
{
    const size_t wanted = strlen(tag);
    for (; *tags; tags += strspn(tags, " ")) {
        const size_t len = strcspn(tags, " ");
        if (wanted == 0 || (len == wanted && memcmp(tags, tag, len) == 0)) return true;
        tags += len;
    }
    return false;
}

/* ── names ─────────────────────────────────────────────────────────────────────────────────────*/

static bool find_name(const struct binder *b, const char *name, struct dln_filter_field *out)
{
    const struct dln_filter_names *names = b->names;
    *out = (struct dln_filter_field){.kind = DLN_FILTER_PARAM, .text = ""};
    out->index = dln_space_find(names->space, name);
    if (out->index != SIZE_MAX) return true;
    out->kind = DLN_FILTER_METRIC;
    for (out->index = 0; out->index < names->m; out->index++) {
        if (strcmp(names->metric[out->index], name) == 0) return true;
    }
    if (dln_filter_word(name, &out->kind)) return true;
    const size_t len = strlen(attribute_prefix);
    if (strncmp(name, attribute_prefix, len) != 0 || !name[len]) return false;
    out->kind = DLN_FILTER_ATTRIBUTE;
    out->text = name + len;
    return true;
}

static bool fail_at(struct binder *b, size_t column)
{
    b->column = column;
    return false;
}

static bool is_known(struct binder *b, const struct dln_filter_field *field, const char *name,
                     size_t column)
{
    if (!(b->names->left_out >> field->kind & 1)) return true;
    dln_fail(b->err, DLN_INVALID,
             "'%.80s' is not in memory here; dialin trials --filter can ask for it", name);
    return fail_at(b, column);
}

static bool fail_unknown(struct binder *b, const char *name, size_t column)
{
    struct dln_nearest nearest = {.wanted = name};
    for (size_t i = 0; i < b->names->space->n; i++)
        dln_nearest_offer(&nearest, b->names->space->params[i].name);
    for (size_t i = 0; i < b->names->m; i++)
        dln_nearest_offer(&nearest, b->names->metric[i]);
    for (size_t i = 0; i < N_WORDS; i++)
        dln_nearest_offer(&nearest, words[i].name);
    if (nearest.best) {
        dln_fail(b->err, DLN_INVALID, "trials have no '%.80s': did you mean '%.80s'", name,
                 nearest.best);
    } else {
        dln_fail(b->err, DLN_INVALID, "trials have no '%.80s'", name);
    }
    return fail_at(b, column);
}

static void bind(struct binder *b, struct dln_expr_node *node, struct dln_filter_field field)
{
    node->op = DLN_OP_FIELD;
    node->slot = b->filter->n;
    b->filter->fields[b->filter->n++] = field;
}

/* ── atoms ─────────────────────────────────────────────────────────────────────────────────────*/

/* "ok", "run,wait", "ok|cut". */
static bool read_states(struct binder *b, const char *list, size_t column, unsigned *out)
{
    char word[24];
    for (; *list; list += *list == ',' || *list == '|') {
        const size_t len = strcspn(list, ",|");
        enum dln_trial_state state = DLN_TRIAL_STATE_COUNT;
        (void)snprintf(word, sizeof word, "%.*s", (int)(len < 23 ? len : 23), list);
        list += len;
        for (int i = 0; i < DLN_TRIAL_STATE_COUNT; i++) {
            if (strcmp(word, dln_trial_state_word((enum dln_trial_state)i)) == 0) {
                state = (enum dln_trial_state)i;
            }
        }
        if (state == DLN_TRIAL_STATE_COUNT && !dln_trial_state_parse(word, &state)) {
            dln_fail(b->err, DLN_INVALID, "'%s' is none of run, ok, cut, err, wait", word);
            return fail_at(b, column);
        }
        *out |= 1u << state;
    }
    return true;
}

/* "#12", "#40..60", "#40..". */
static bool read_numbers(struct binder *b, const char *text, size_t column,
                         struct dln_filter_field *out)
{
    const char *dots = strstr(text, "..");
    const size_t len = dots ? (size_t)(dots - text) : strlen(text);
    out->kind = DLN_FILTER_NUMBERS;
    bool ok = dln_num_parse_int(text, len, &out->low);
    out->high = out->low;
    if (dots) {
        const char *high = dots + 2 + (dots[2] == '#');
        out->high = INT64_MAX;
        if (*high) ok = dln_num_parse_int(high, strlen(high), &out->high) && ok;
    }
    if (ok) return true;
    dln_fail(b->err, DLN_INVALID, "'#%.80s' is no number of a trial; they are #12 and #40..60",
             text);
    return fail_at(b, column);
}

static bool read_has(struct binder *b, const char *what, size_t column,
                     struct dln_filter_field *out)
{
    out->text = "";
    if (strcmp(what, "artifact") == 0) {
        out->kind = DLN_FILTER_ARTIFACT;
    } else if (strcmp(what, "note") == 0) {
        out->kind = DLN_FILTER_NOTE;
    } else if (strcmp(what, "tag") == 0) {
        out->kind = DLN_FILTER_TAG;
    } else if (find_name(b, what, out)) {
        if (!is_known(b, out, what, column)) return false;
        out->of = out->kind;
        out->kind = DLN_FILTER_HAS;
    } else {
        dln_fail(b->err, DLN_INVALID, "'has:' knows artifact, note, tag and names, not '%.80s'",
                 what);
        return fail_at(b, column);
    }
    return true;
}

/* Without quotes around it. */
static const char *plain_text(struct binder *b, const char *text)
{
    const size_t len = strlen(text);
    if (len < 2 || (*text != '\'' && *text != '"')) return text;
    return dln_arena_copy_len(b->arena, text + 1, len - 2);
}

static bool bind_atom(struct binder *b, struct dln_expr_node *node)
{
    struct dln_filter_field field = {.text = ""};
    const char *text = node->text;
    const char *colon = strchr(text, ':');
    bool ok;
    if (*text == '#') {
        ok = read_numbers(b, text + 1, node->column, &field);
    } else {
        const char *value = plain_text(b, colon + 1);
        const size_t len = (size_t)(colon - text);
        const size_t column = node->column + len + 1;
        if (!value) return dln_fail(b->err, DLN_NOMEM, "out of memory");
        ok = true;
        field.text = value;
        if (len == 5 && memcmp(text, "state", 5) == 0) {
            field.kind = DLN_FILTER_STATES;
            ok = read_states(b, value, column, &field.states);
        } else if (len == 3 && memcmp(text, "tag", 3) == 0) {
            field.kind = DLN_FILTER_TAG;
        } else if (len == 4 && memcmp(text, "note", 4) == 0) {
            field.kind = DLN_FILTER_NOTE;
        } else if (len == 3 && memcmp(text, "has", 3) == 0) {
            ok = read_has(b, value, column, &field);
        } else {
            dln_fail(b->err, DLN_INVALID,
                     "'%.*s:' is none of state:, tag:, note:, has:", (int)(len < 40 ? len : 40),
                     text);
            ok = fail_at(b, node->column);
        }
    }
    if (ok) bind(b, node, field);
    return ok;
}

/* ── binding ───────────────────────────────────────────────────────────────────────────────────*/

/* How many operands the node takes off the stack; in a list BEGIN takes none. */
static size_t operands_of(enum dln_expr_op op)
{
    switch (op) {
    case DLN_OP_NUMBER:
    case DLN_OP_TEXT:
    case DLN_OP_NAME:
    case DLN_OP_ATOM:
    case DLN_OP_FIELD:
    case DLN_OP_BOOL:
    case DLN_OP_NULL:
    case DLN_OP_IN_BEGIN: return 0;
    case DLN_OP_NEGATE:
    case DLN_OP_NOT:
    case DLN_OP_ABS:
    case DLN_OP_LOG:
    case DLN_OP_EXP: return 1;
    case DLN_OP_ADD:
    case DLN_OP_SUBTRACT:
    case DLN_OP_MULTIPLY:
    case DLN_OP_DIVIDE:
    case DLN_OP_MODULO:
    case DLN_OP_MIN:
    case DLN_OP_MAX:
    case DLN_OP_EQUAL:
    case DLN_OP_UNEQUAL:
    case DLN_OP_LESS:
    case DLN_OP_LESS_EQUAL:
    case DLN_OP_GREATER:
    case DLN_OP_GREATER_EQUAL:
    case DLN_OP_AND:
    case DLN_OP_OR:
    case DLN_OP_IN_ITEM:
    case DLN_OP_IN_END: return 2;
    }
    return 0;
}

/* Which nodes are claims by themselves: operands of and, or, not, and the whole. */
static void find_claims(const struct dln_expr *expr, bool *is_claim)
{
    size_t stack[DLN_EXPR_STACK_MAX];
    size_t top = 0;
    for (size_t i = 0; i < expr->n; i++) {
        const enum dln_expr_op op = expr->nodes[i].op;
        const size_t n = operands_of(op);
        const bool is_logic = op == DLN_OP_AND || op == DLN_OP_OR || op == DLN_OP_NOT;
        for (size_t k = 1; is_logic && k <= n; k++)
            is_claim[stack[top - k]] = true;
        top -= n;
        stack[top++] = i;
    }
    if (top == 1) is_claim[stack[0]] = true;
}

/* Whether the node is compared with a name, and so may be a text without quotes. */
static bool may_be_text(const struct dln_expr *expr, size_t i)
{
    if (i + 1 >= expr->n || !dln_expr_is_match(&expr->nodes[i + 1])) return false;
    return expr->nodes[expr->nodes[i + 1].left].op == DLN_OP_FIELD;
}

static bool bind_name(struct binder *b, size_t i, bool is_claim)
{
    struct dln_expr_node *node = &b->filter->expr->nodes[i];
    struct dln_filter_field field;
    if (find_name(b, node->text, &field)) {
        if (!is_known(b, &field, node->text, node->column)) return false;
        bind(b, node, field);
    } else if (is_claim) {
        bind(b, node, (struct dln_filter_field){.kind = DLN_FILTER_TEXT, .text = node->text});
    } else if (may_be_text(b->filter->expr, i)) {
        node->op = DLN_OP_TEXT;
    } else {
        return fail_unknown(b, node->text, node->column);
    }
    return true;
}

static bool bind_all(struct binder *b)
{
    const struct dln_expr *expr = b->filter->expr;
    bool *is_claim = DLN_ARENA_ARRAY(b->arena, bool, expr->n);
    b->filter->fields = DLN_ARENA_ARRAY(b->arena, struct dln_filter_field, expr->n);
    b->column = 1;
    if (!is_claim || !b->filter->fields) return dln_fail(b->err, DLN_NOMEM, "out of memory");
    find_claims(expr, is_claim);
    for (size_t i = 0; i < expr->n; i++) {
        struct dln_expr_node *node = &expr->nodes[i];
        if (node->op == DLN_OP_NAME) {
            if (!bind_name(b, i, is_claim[i])) return false;
        } else if (node->op == DLN_OP_ATOM) {
            if (!bind_atom(b, node)) return false;
        } else if (node->op == DLN_OP_TEXT && is_claim[i]) {
            bind(b, node, (struct dln_filter_field){.kind = DLN_FILTER_TEXT, .text = node->text});
        }
    }
    return true;
}

bool dln_filter_parse(const char *text, const struct dln_filter_names *names,
                      struct dln_arena *arena, const struct dln_filter **out, size_t *column,
                      struct dln_error *err)
{
    struct binder b = {.names = names, .arena = arena, .err = err, .column = 1};
    b.filter = DLN_ARENA_NEW(arena, struct dln_filter);
    bool ok = b.filter != NULL || dln_fail(err, DLN_NOMEM, "out of memory");
    ok = ok && dln_expr_parse_filter(text, names->saved, names->context, arena, &b.filter->expr,
                                     &b.column, err);
    ok = ok && bind_all(&b);
    if (ok) {
        *out = b.filter;
    } else if (column) {
        *column = b.column;
    }
    return ok;
}

/* ── evaluation ────────────────────────────────────────────────────────────────────────────────*/

struct evaluation {
    const struct dln_filter *filter;
    dln_filter_read *read;
    void *context;
};

static void read_slot(void *context, size_t slot, struct dln_value *out)
{
    const struct evaluation *e = context;
    const struct dln_filter_field *field = &e->filter->fields[slot];
    if (field->kind != DLN_FILTER_HAS) {
        e->read(e->context, field, out);
        return;
    }
    struct dln_filter_field inner = *field;
    struct dln_value value = {0};
    inner.kind = field->of;
    e->read(e->context, &inner, &value);
    const bool is_there = value.kind != DLN_VALUE_MISSING &&
                          (value.kind != DLN_VALUE_NUMBER || value.number == value.number);
    *out = (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = is_there};
}

bool dln_filter_keeps(const struct dln_filter *filter, dln_filter_read *read, void *context)
{
    struct evaluation e = {.filter = filter, .read = read, .context = context};
    return dln_expr_truth_bound(filter->expr, read_slot, &e) > 0;
}

const struct dln_filter_field *dln_filter_fields(const struct dln_filter *filter, size_t *n)
{
    *n = filter->n;
    return filter->fields;
}

bool dln_filter_uses(const struct dln_filter *filter, enum dln_filter_kind kind)
{
    for (size_t i = 0; i < filter->n; i++) {
        const struct dln_filter_field *field = &filter->fields[i];
        if (field->kind == kind || (field->kind == DLN_FILTER_HAS && field->of == kind)) {
            return true;
        }
    }
    return false;
}
