/*
 * Text → postfix nodes, by recursive descent:
 *
 *   or   := and  { "or" and }                     not  := "not" not | cmp
 *   and  := not  { "and" not }                    cmp  := sum [ ("==" | … ) sum | ["not"] "in" list
 * ] sum  := prod { ("+" | "-") prod }             prod := sign { ("*" | "/" | "%") sign } sign :=
 * ("-" | "+") sign | value              list := "[" [ or { "," or } ] "]" value := number | 'text'
 * | "text" | name | `name` | function "(" or { "," or } ")" | "(" or ")"
 *
 * Every way back to the top of the grammar passes enter(), which bounds the depth.
 */
#include "space/expr_node.h"

#include <string.h>

#include "dialin/num.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_WORD,
    TOKEN_SIGN,
    TOKEN_ATOM
};

struct token {
    enum token_kind kind;
    size_t start, len; /* in the text, quotes included */
    double number;
};

struct parser {
    const char *text;
    size_t len;
    struct token token; /* the next one, not yet eaten */
    struct dln_arena *arena;
    struct dln_expr_node *nodes;
    size_t n, cap;
    size_t depth;
    size_t column; /* of the error */
    bool is_filter;
    dln_expr_saved *saved;
    void *context; /* of saved */
    struct dln_error *err;
};

static bool parse_or(struct parser *p);

static bool fail_at(struct parser *p, size_t offset, enum dln_code code, const char *sentence)
{
    p->column = offset + 1;
    return dln_fail(p->err, code, "%s", sentence);
}

/* ── tokens ────────────────────────────────────────────────────────────────────────────────────*/

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool continues_word(char c)
{
    return starts_word(c) || is_digit(c) || c == '.';
}

static bool scan_quoted(struct parser *p, size_t start, char quote)
{
    size_t i = start + 1;
    for (;; i++) {
        if (i >= p->len) {
            return fail_at(p, start, DLN_INVALID, "a quoted text is not closed");
        }
        if (p->text[i] != quote) continue;
        if (i + 1 >= p->len || p->text[i + 1] != quote) break;
        i++; /* a doubled quote stands for itself */
    }
    if (quote == '`' && i == start + 1) {
        return fail_at(p, start, DLN_INVALID, "there is no name between these back quotes");
    }
    p->token = (struct token){
        .kind = quote == '`' ? TOKEN_NAME : TOKEN_TEXT, .start = start, .len = i + 1 - start};
    return true;
}

/* Seconds of a unit of time, 0 for anything else. */
static double unit_of(const char *text, size_t len)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"ms", 0.001}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, text, len) == 0) {
            return units[i].seconds;
        }
    }
    return 0;
}

static bool scan_number(struct parser *p, size_t start)
{
    double number;
    size_t len = dln_num_scan(p->text + start, p->len - start, &number);
    size_t end = start + len;
    while (end < p->len && continues_word(p->text[end]))
        end++;
    const double unit = unit_of(p->text + start + len, end - start - len);
    if (p->is_filter && unit > 0) {
        number *= unit;
        len = end - start;
    }
    if (end > start + len) {
        p->column = start + 1;
        return dln_fail(p->err, DLN_INVALID,
                        "'%.*s' is neither a number nor a name; a text like this is put in quotes",
                        (int)(end - start < 80 ? end - start : 80), p->text + start);
    }
    p->token = (struct token){.kind = TOKEN_NUMBER, .start = start, .len = len, .number = number};
    return true;
}

static bool scan_sign(struct parser *p, size_t start)
{
    static const char *const signs[] = {"==", "!=", "<=", ">=", "=", "<", ">", "+", "-",
                                        "*",  "/",  "%",  "(",  ")", "[", "]", ","};
    static const struct {
        const char *sign, *sentence;
    } foreign[] = {
        {"&&", "'&&' is written 'and'"},
        {"||", "'||' is written 'or'"},
        {"&", "'&' is written 'and'"},
        {"|", "'|' is written 'or'"},
        {"**", "'**' is not an operator; write x * x, or exp() and log()"},
        {"!", "'!' is written 'not'"},
    };
    const char *here = p->text + start;
    const size_t left = p->len - start;
    const bool is_unequal = left >= 2 && here[0] == '!' && here[1] == '=';
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0] && !is_unequal; i++) {
        const size_t len = strlen(foreign[i].sign);
        if (left >= len && memcmp(here, foreign[i].sign, len) == 0) {
            return fail_at(p, start, DLN_INVALID, foreign[i].sentence);
        }
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const size_t len = strlen(signs[i]);
        if (left >= len && memcmp(here, signs[i], len) == 0) {
            p->token = (struct token){.kind = TOKEN_SIGN, .start = start, .len = len};
            return true;
        }
    }
    return fail_at(p, start, DLN_INVALID, "a character that has no meaning in an expression");
}

static bool ends_atom(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '(' || c == ')';
}

/* "#12", "#40..60", "@good", and behind a word and a colon whatever is no blank or in quotes. */
static bool scan_atom(struct parser *p, size_t start, size_t from)
{
    size_t end = from;
    if (end < p->len && (p->text[end] == '\'' || p->text[end] == '"')) {
        if (!scan_quoted(p, end, p->text[end])) return false;
        end += p->token.len;
    } else {
        while (end < p->len && !ends_atom(p->text[end]))
            end++;
    }
    if (end == from) {
        p->column = start + 1;
        return dln_fail(p->err, DLN_INVALID, "something is missing behind '%.*s'",
                        (int)(from - start < 80 ? from - start : 80), p->text + start);
    }
    p->token = (struct token){.kind = TOKEN_ATOM, .start = start, .len = end - start};
    return true;
}

static bool advance(struct parser *p)
{
    size_t i = p->token.start + p->token.len;
    while (i < p->len && strchr(" \t\r\n", p->text[i]) && p->text[i])
        i++;
    if (i >= p->len) {
        p->token = (struct token){.kind = TOKEN_END, .start = p->len};
        return true;
    }
    const char c = p->text[i];
    if (c == '\'' || c == '"' || c == '`') return scan_quoted(p, i, c);
    if (is_digit(c) || (c == '.' && i + 1 < p->len && is_digit(p->text[i + 1]))) {
        return scan_number(p, i);
    }
    if (p->is_filter && (c == '#' || c == '@')) return scan_atom(p, i, i + 1);
    if (!starts_word(c)) return scan_sign(p, i);
    size_t end = i + 1;
    while (end < p->len && continues_word(p->text[end]))
        end++;
    if (p->is_filter && end < p->len && p->text[end] == ':') return scan_atom(p, i, end + 1);
    p->token = (struct token){.kind = TOKEN_WORD, .start = i, .len = end - i};
    return true;
}

static bool is_token(const struct parser *p, enum token_kind kind, const char *text)
{
    return p->token.kind == kind && p->token.len == strlen(text) &&
           memcmp(p->text + p->token.start, text, p->token.len) == 0;
}

static bool at_sign(const struct parser *p, const char *sign)
{
    return is_token(p, TOKEN_SIGN, sign);
}

static bool at_word(const struct parser *p, const char *word)
{
    return is_token(p, TOKEN_WORD, word);
}

/* An error about the next token: "expected X, not 'Y'". */
static bool fail_expected(struct parser *p, const char *expected)
{
    const struct token *token = &p->token;
    p->column = token->start + 1;
    if (token->kind == TOKEN_END) {
        return dln_fail(p->err, DLN_INVALID, "%s is missing at the end", expected);
    }
    return dln_fail(p->err, DLN_INVALID, "expected %s, not '%.*s'", expected,
                    (int)(token->len < 80 ? token->len : 80), p->text + token->start);
}

/* ── nodes ─────────────────────────────────────────────────────────────────────────────────────*/

static bool add_node(struct parser *p, struct dln_expr_node node)
{
    if (p->n == DLN_EXPR_NODES_MAX) {
        return fail_at(p, p->token.start, DLN_INVALID, "the expression is too long");
    }
    if (p->n == p->cap) {
        const size_t cap = p->cap ? p->cap * 2 : 8;
        struct dln_expr_node *nodes = DLN_ARENA_ARRAY(p->arena, struct dln_expr_node, cap);
        if (!nodes) return fail_at(p, 0, DLN_NOMEM, "out of memory");
        if (p->n > 0) memcpy(nodes, p->nodes, p->n * sizeof *nodes);
        p->nodes = nodes;
        p->cap = cap;
    }
    p->nodes[p->n++] = node;
    return true;
}

static bool add_op(struct parser *p, enum dln_expr_op op, size_t left)
{
    return add_node(p, (struct dln_expr_node){.op = op, .left = left});
}

static bool enter(struct parser *p)
{
    if (++p->depth <= DLN_EXPR_DEPTH_MAX) return true;
    return fail_at(p, p->token.start, DLN_INVALID, "the expression is nested too deeply");
}

/* ── grammar ───────────────────────────────────────────────────────────────────────────────────*/

/* Copies a quoted token without its quotes, doubled quotes made single. */
static char *unquote(struct parser *p, const struct token *token)
{
    char *copy = dln_arena_alloc(p->arena, token->len, 1);
    if (!copy) return NULL;
    const char *text = p->text + token->start;
    size_t n = 0;
    for (size_t i = 1; i + 1 < token->len; i++) {
        copy[n++] = text[i];
        if (text[i] == text[0]) i++;
    }
    return copy;
}

static bool parse_literal(struct parser *p)
{
    static const struct {
        const char *word;
        enum dln_expr_op op;
        bool truth;
    } literals[] = {
        {"true", DLN_OP_BOOL, true}, {"false", DLN_OP_BOOL, false}, {"null", DLN_OP_NULL, false},
        {"True", DLN_OP_BOOL, true}, {"False", DLN_OP_BOOL, false}, {"None", DLN_OP_NULL, false},
    };
    const struct token token = p->token;
    struct dln_expr_node node = {.op = DLN_OP_NAME, .column = token.start + 1};
    if (token.kind == TOKEN_NUMBER) {
        node.op = DLN_OP_NUMBER;
        node.number = token.number;
    } else if (token.kind == TOKEN_WORD) {
        node.text = dln_arena_copy_len(p->arena, p->text + token.start, token.len);
        if (!node.text) return fail_at(p, 0, DLN_NOMEM, "out of memory");
        for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
            if (!at_word(p, literals[i].word)) continue;
            node.op = literals[i].op;
            node.truth = literals[i].truth;
        }
    } else if (token.kind == TOKEN_ATOM) {
        node.op = DLN_OP_ATOM;
        node.text = dln_arena_copy_len(p->arena, p->text + token.start, token.len);
        if (!node.text) return fail_at(p, 0, DLN_NOMEM, "out of memory");
    } else {
        if (token.kind == TOKEN_TEXT) node.op = DLN_OP_TEXT;
        node.text = unquote(p, &token);
        if (!node.text) return fail_at(p, 0, DLN_NOMEM, "out of memory");
    }
    return advance(p) && add_node(p, node);
}

/* The function's name is eaten, "(" is next. */
static bool parse_call(struct parser *p, enum dln_expr_op op)
{
    const bool is_variadic = op == DLN_OP_MIN || op == DLN_OP_MAX;
    if (!enter(p) || !advance(p) || !parse_or(p)) return false;
    size_t count = 1;
    for (; at_sign(p, ","); count++) {
        if (!is_variadic) return fail_expected(p, "')'");
        if (!advance(p) || !parse_or(p) || !add_op(p, op, 0)) return false;
    }
    if (!at_sign(p, ")")) return fail_expected(p, is_variadic ? "',' or ')'" : "')'");
    if (is_variadic && count == 1) return fail_expected(p, "a second value");
    if (!is_variadic && !add_op(p, op, 0)) return false;
    p->depth--;
    return advance(p);
}

/* @name stands for the text that was saved under it. What is wrong in there is wrong here. */
static bool parse_saved(struct parser *p)
{
    const size_t start = p->token.start;
    const char *name = dln_arena_copy_len(p->arena, p->text + start + 1, p->token.len - 1);
    if (!name) return fail_at(p, 0, DLN_NOMEM, "out of memory");
    const char *text = p->saved ? p->saved(p->context, name) : NULL;
    if (!text) {
        p->column = start + 1;
        return dln_fail(p->err, DLN_INVALID, "no filter was saved as '%.80s'", name);
    }
    const struct parser outer = *p;
    if (!enter(p)) return false;
    p->text = text;
    p->len = strlen(text);
    p->token = (struct token){0};
    const bool ok = advance(p) && parse_or(p) &&
                    (p->token.kind == TOKEN_END || fail_expected(p, "an operator or the end"));
    p->text = outer.text;
    p->len = outer.len;
    p->token = outer.token;
    p->depth = outer.depth;
    if (!ok) {
        p->column = start + 1;
        return dln_wrap(p->err, "@%.80s", name);
    }
    return advance(p);
}

static bool parse_value(struct parser *p)
{
    static const struct {
        const char *name;
        enum dln_expr_op op;
    } functions[] = {
        {"min", DLN_OP_MIN}, {"max", DLN_OP_MAX}, {"abs", DLN_OP_ABS},
        {"log", DLN_OP_LOG}, {"exp", DLN_OP_EXP},
    };
    static const char *const reserved[] = {"and", "or", "not", "in"};

    if (at_sign(p, "(")) {
        if (!enter(p) || !advance(p) || !parse_or(p)) return false;
        if (!at_sign(p, ")")) return fail_expected(p, "')'");
        p->depth--;
        return advance(p);
    }
    if (p->token.kind == TOKEN_SIGN || p->token.kind == TOKEN_END) {
        return fail_expected(p, "a value");
    }
    if (p->token.kind == TOKEN_ATOM && p->text[p->token.start] == '@') return parse_saved(p);
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (at_word(p, reserved[i])) return fail_expected(p, "a value");
    }
    size_t next = p->token.start + p->token.len;
    while (next < p->len && p->text[next] == ' ')
        next++;
    if (p->token.kind == TOKEN_WORD && next < p->len && p->text[next] == '(') {
        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
            if (at_word(p, functions[i].name)) return advance(p) && parse_call(p, functions[i].op);
        }
        p->column = p->token.start + 1;
        return dln_fail(p->err, DLN_INVALID,
                        "there is no function '%.*s'; there are min, max, abs, log and exp",
                        (int)(p->token.len < 80 ? p->token.len : 80), p->text + p->token.start);
    }
    return parse_literal(p);
}

static bool parse_sign(struct parser *p)
{
    const bool is_minus = at_sign(p, "-");
    if (!is_minus && !at_sign(p, "+")) return parse_value(p);
    if (!enter(p) || !advance(p) || !parse_sign(p)) return false;
    p->depth--;
    return is_minus ? add_op(p, DLN_OP_NEGATE, 0) : true;
}

static bool parse_product(struct parser *p)
{
    if (!parse_sign(p)) return false;
    for (;;) {
        const enum dln_expr_op op = at_sign(p, "*")   ? DLN_OP_MULTIPLY
                                    : at_sign(p, "/") ? DLN_OP_DIVIDE
                                                      : DLN_OP_MODULO;
        if (op == DLN_OP_MODULO && !at_sign(p, "%")) return true;
        if (!advance(p) || !parse_sign(p) || !add_op(p, op, 0)) return false;
    }
}

static bool parse_sum(struct parser *p)
{
    if (!parse_product(p)) return false;
    while (at_sign(p, "+") || at_sign(p, "-")) {
        const enum dln_expr_op op = at_sign(p, "+") ? DLN_OP_ADD : DLN_OP_SUBTRACT;
        if (!advance(p) || !parse_product(p) || !add_op(p, op, 0)) return false;
    }
    return true;
}

/* The left operand ends at `left`; "in" is eaten. */
static bool parse_list(struct parser *p, size_t left)
{
    if (!at_sign(p, "[")) return fail_expected(p, "a list '[a, b]'");
    if (!enter(p) || !advance(p) || !add_op(p, DLN_OP_IN_BEGIN, 0)) return false;
    while (!at_sign(p, "]")) {
        if (!parse_or(p) || !add_op(p, DLN_OP_IN_ITEM, left)) return false;
        if (at_sign(p, "]")) break;
        if (!at_sign(p, ",")) return fail_expected(p, "',' or ']'");
        if (!advance(p)) return false;
    }
    p->depth--;
    return advance(p) && add_op(p, DLN_OP_IN_END, 0);
}

static bool at_comparison(const struct parser *p, enum dln_expr_op *op)
{
    static const struct {
        const char *sign;
        enum dln_expr_op op;
    } signs[] = {
        {"==", DLN_OP_EQUAL},      {"=", DLN_OP_EQUAL}, {"!=", DLN_OP_UNEQUAL},
        {"<=", DLN_OP_LESS_EQUAL}, {"<", DLN_OP_LESS},  {">=", DLN_OP_GREATER_EQUAL},
        {">", DLN_OP_GREATER},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!at_sign(p, signs[i].sign)) continue;
        *op = signs[i].op;
        return true;
    }
    return false;
}

static bool parse_comparison(struct parser *p)
{
    if (!parse_sum(p)) return false;
    const size_t left = p->n - 1;
    enum dln_expr_op op;
    if (at_comparison(p, &op)) {
        if (!advance(p) || !parse_sum(p) || !add_op(p, op, left)) return false;
    } else if (at_word(p, "in")) {
        if (!advance(p) || !parse_list(p, left)) return false;
    } else if (at_word(p, "not")) {
        if (!advance(p)) return false;
        if (!at_word(p, "in")) return fail_expected(p, "'in'");
        if (!advance(p) || !parse_list(p, left) || !add_op(p, DLN_OP_NOT, 0)) return false;
    } else {
        return true;
    }
    if (at_comparison(p, &op) || at_word(p, "in")) {
        return fail_at(p, p->token.start, DLN_INVALID,
                       "comparisons are joined by 'and': a < b and b < c");
    }
    return true;
}

static bool parse_not(struct parser *p)
{
    if (!at_word(p, "not")) return parse_comparison(p);
    if (!enter(p) || !advance(p) || !parse_not(p)) return false;
    p->depth--;
    return add_op(p, DLN_OP_NOT, 0);
}

static bool parse_and(struct parser *p)
{
    if (!parse_not(p)) return false;
    while (at_word(p, "and")) {
        if (!advance(p) || !parse_not(p) || !add_op(p, DLN_OP_AND, 0)) return false;
    }
    return true;
}

static bool parse_or(struct parser *p)
{
    if (!parse_and(p)) return false;
    while (at_word(p, "or")) {
        if (!advance(p) || !parse_and(p) || !add_op(p, DLN_OP_OR, 0)) return false;
    }
    return true;
}

static bool parse_all(struct parser *p)
{
    if (p->len > DLN_EXPR_BYTES_MAX) {
        return fail_at(p, 0, DLN_INVALID, "the expression is longer than 64 KiB");
    }
    if (!advance(p)) return false;
    if (p->token.kind == TOKEN_END) return fail_at(p, 0, DLN_INVALID, "the expression is empty");
    if (!parse_or(p)) return false;
    return p->token.kind == TOKEN_END ? true : fail_expected(p, "an operator or the end");
}

static bool parse_text(struct parser *p, struct dln_expr **out, size_t *column)
{
    if (!parse_all(p)) {
        if (column) *column = p->column;
        return false;
    }
    struct dln_expr *expr = DLN_ARENA_NEW(p->arena, struct dln_expr);
    if (!expr) {
        if (column) *column = 1;
        return dln_fail(p->err, DLN_NOMEM, "out of memory");
    }
    *expr = (struct dln_expr){.n = p->n, .nodes = p->nodes};
    *out = expr;
    return true;
}

bool dln_expr_parse(const char *text, struct dln_arena *arena, const struct dln_expr **out,
                    size_t *column, struct dln_error *err)
{
    struct parser p = {.text = text, .len = strlen(text), .arena = arena, .err = err};
    struct dln_expr *expr = NULL;
    if (!parse_text(&p, &expr, column)) return false;
    *out = expr;
    return true;
}

bool dln_expr_parse_filter(const char *text, dln_expr_saved *saved, void *context,
                           struct dln_arena *arena, struct dln_expr **out, size_t *column,
                           struct dln_error *err)
{
    struct parser p = {.text = text,
                       .len = strlen(text),
                       .arena = arena,
                       .err = err,
                       .is_filter = true,
                       .saved = saved,
                       .context = context};
    return parse_text(&p, out, column);
}
