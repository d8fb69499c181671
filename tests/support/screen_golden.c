#include "support/screen_golden.h"

#include <errno.h>
#include <sys/stat.h>

#include "support/test.h"

static bool read_file(const char *path, struct dln_strbuf *out)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, file)) > 0;) {
        dln_strbuf_add_len(out, bytes, n);
    }
    fclose(file);
    return true;
}

static void write_file(const char *path, const struct dln_strbuf *text)
{
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: %s", path, strerror(errno));
    fwrite(dln_strbuf_text(text), 1, text->len, file);
    if (fclose(file) != 0) fail_msg("%s: %s", path, strerror(errno));
}

static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

static void print_difference(const char *expected, const char *seen)
{
    for (int line = 1; *expected || *seen; line++) {
        const size_t n = line_length(expected);
        const size_t m = line_length(seen);
        if (n != m || memcmp(expected, seen, n) != 0) {
            print_error("%3d -|%.*s\n", line, (int)n, expected);
            print_error("    +|%.*s\n", (int)m, seen);
        }
        expected += n + (expected[n] == '\n');
        seen += m + (seen[m] == '\n');
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Times of the day, "12:58:01", are other ones each time. */
static void mask_times(struct dln_strbuf *text)
{
    static const char pattern[] = "00:00:00";
    for (size_t i = 0; i + 8 <= text->len; i++) {
        bool is_time = true;
        for (size_t k = 0; k < 8 && is_time; k++)
            is_time = pattern[k] == '0' ? is_digit(text->data[i + k]) : text->data[i + k] == ':';
        if (is_time) memcpy(text->data + i, pattern, 8);
    }
}

static void path_of(const char *name, char *path, size_t cap)
{
    snprintf(path, cap, "%s/tests/terminal/screens/%s.txt", TEST_SOURCE, name);
}

bool golden_is_blessed(void)
{
    const char *bless = getenv("DIALIN_BLESS");
    return bless && strcmp(bless, "1") == 0;
}

bool golden_is(const char *name, struct dln_strbuf *seen)
{
    char path[1024];
    struct dln_strbuf expected = {0};
    mask_times(seen);
    path_of(name, path, sizeof path);
    const bool is_same =
        golden_is_blessed() || (read_file(path, &expected) &&
                                strcmp(dln_strbuf_text(&expected), dln_strbuf_text(seen)) == 0);
    dln_strbuf_release(&expected);
    return is_same;
}

void golden_match(const char *name, struct dln_strbuf *seen)
{
    char path[1024];
    path_of(name, path, sizeof path);
    if (golden_is_blessed()) {
        mask_times(seen);
        write_file(path, seen);
        return;
    }
    if (golden_is(name, seen)) return;
    struct dln_strbuf expected = {0};
    const bool has_golden = read_file(path, &expected);
    print_difference(dln_strbuf_text(&expected), dln_strbuf_text(seen));
    dln_strbuf_release(&expected);
    snprintf(path, sizeof path, "%s/screens", TEST_BUILD);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/screens/%s.txt", TEST_BUILD, name);
    write_file(path, seen);
    dln_strbuf_release(seen);
    fail_msg("screen '%s' %s; seen: %s (DIALIN_BLESS=1 accepts it)", name,
             has_golden ? "differs" : "has no golden file", path);
}

/* ── styles ────────────────────────────────────────────────────────────────────────────────────*/

enum { STYLES_MAX = 52, STYLE_TEXT_MAX = 96 };

struct styles {
    int n;
    char text[STYLES_MAX][STYLE_TEXT_MAX];
};

static void add_color(char *out, const char *what, const VTermColor *color, bool is_default)
{
    if (is_default) return;
    const size_t len = strlen(out);
    if (VTERM_COLOR_IS_INDEXED(color)) {
        snprintf(out + len, STYLE_TEXT_MAX - len, " %s %d", what, color->indexed.idx);
    } else {
        snprintf(out + len, STYLE_TEXT_MAX - len, " %s #%02x%02x%02x", what, color->rgb.red,
                 color->rgb.green, color->rgb.blue);
    }
}

/* " bold reverse fg 4 bg 0", "" for plain. */
static void describe(const VTermScreenCell *cell, char out[STYLE_TEXT_MAX])
{
    snprintf(out, STYLE_TEXT_MAX, "%s%s%s%s%s%s", cell->attrs.bold ? " bold" : "",
             cell->attrs.underline ? " underline" : "", cell->attrs.italic ? " italic" : "",
             cell->attrs.blink ? " blink" : "", cell->attrs.reverse ? " reverse" : "",
             cell->attrs.strike ? " strike" : "");
    add_color(out, "fg", &cell->fg, VTERM_COLOR_IS_DEFAULT_FG(&cell->fg));
    add_color(out, "bg", &cell->bg, VTERM_COLOR_IS_DEFAULT_BG(&cell->bg));
}

static char letter(int index)
{
    return (char)(index < 26 ? 'a' + index : 'A' + index - 26);
}

static char style_of(struct styles *styles, const VTermScreenCell *cell)
{
    char text[STYLE_TEXT_MAX];
    describe(cell, text);
    if (!text[0]) return '.';
    int i = 0;
    while (i < styles->n && strcmp(styles->text[i], text) != 0)
        i++;
    if (i == STYLES_MAX) return '?';
    if (i == styles->n) {
        memcpy(styles->text[i], text, sizeof text);
        styles->n++;
    }
    return letter(i);
}

void golden_add_styles(VTermScreen *cells, int rows, int cols, struct dln_strbuf *out)
{
    struct styles styles = {0};
    dln_strbuf_add(out, "--- styles\n");
    for (int row = 0; row < rows; row++) {
        size_t end = out->len;
        for (int col = 0; col < cols; col++) {
            VTermScreenCell cell;
            if (!vterm_screen_get_cell(cells, (VTermPos){.row = row, .col = col}, &cell)) break;
            const char style = style_of(&styles, &cell);
            dln_strbuf_add_char(out, style);
            if (style != '.') end = out->len;
        }
        dln_strbuf_cut(out, end);
        dln_strbuf_add_char(out, '\n');
    }
    for (int i = 0; i < styles.n; i++) {
        dln_strbuf_addf(out, "%c %s\n", letter(i), styles.text[i]);
    }
}
