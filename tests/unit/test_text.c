#include "support/test.h"

#include "base/rng.h"
#include "base/text_width.h"
#include "dialin/text.h"

static void show(struct dln_strbuf *out, const char *text, size_t len, size_t width, bool ascii)
{
    dln_strbuf_reset(out);
    dln_text_show(out, text, len, width, ascii);
    assert_true(dln_strbuf_ok(out));
}

static const struct {
    const char *text, *shown;
} hostile[] = {
    {"val_loss", "val_loss"},
    {"Größe 模型 ✓", "Größe 模型 ✓"},
    {"\x1b]0;owned\x07", "^[]0;owned^G"},
    {"\x1b[2J\x1b[H", "^[[2J^[[H"},
    {"\x1b]52;c;aGk=\x1b\\", "^[]52;c;aGk=^[\\"},
    {"a\tb\rc", "a b c"},
    {"a\nb", "a\\nb"},
    {"a\r\nb", "a\\nb"},
    {"\x7f", "^?"},
    {"\xc2\x9b"
     "31m",
     "<9B>31m"}, /* CSI in eight bits, as UTF-8 … */
    {"\x9b"
     "31m",
     "\uFFFD31m"}, /* … and as a bare byte */
    {"\xe2\x80\xae"
     "gnp",
     "<202E>gnp"},                                  /* right-to-left override */
    {"\xe2\x81\xa6x\xe2\x81\xa9", "<2066>x<2069>"}, /* isolates */
    {"\xd8\x9c", "<061C>"},                         /* Arabic letter mark */
    {"a\xe2\x80\x8b"
     "b",
     "a<200B>b"},                 /* zero width space */
    {"\xef\xbb\xbfx", "<FEFF>x"}, /* byte order mark */
    {"\xe2\x80\xa8\xe2\x80\xa9", "<2028><2029>"},
    {"\xc2\xad", "<AD>"},            /* soft hyphen */
    {"\xf3\xa0\x80\x81", "<E0001>"}, /* language tag */
    {"\xef\xb8\x8f", "<FE0F>"},      /* variation selector */
    {"\xee\x80\x80", "<E000>"},      /* private use */
    {"\xcd\xb8", "<0378>"},          /* unassigned */
    {"\xe3\x85\xa4", "<3164>"},      /* Hangul filler */
    {"\xef\xbf\xbf", "<FFFF>"},      /* noncharacter */
    {"\xcc\x81x", "<0301>x"},        /* a mark without a base stays off its neighbour */
    {"e\xcc\x81", "e\xcc\x81"},
    {"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84", "e\xcc\x81\xcc\x82"},
    {"\xc0\xaf", "\uFFFD\uFFFD"},           /* overlong slash */
    {"\xed\xa0\x80", "\uFFFD\uFFFD\uFFFD"}, /* surrogate */
    {"\xf4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xe2\x82", "\uFFFD"}, /* cut short */
    {"\xff\xfe", "\uFFFD\uFFFD"},
};

static void hostile_text_is_made_visible(void **state)
{
    (void)state;
    struct dln_strbuf out = {0};
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        show(&out, hostile[i].text, strlen(hostile[i].text), SIZE_MAX, false);
        assert_string_equal(dln_strbuf_text(&out), hostile[i].shown);
    }
    show(&out, "a\0b", 3, SIZE_MAX, false);
    assert_string_equal(dln_strbuf_text(&out), "a^@b");
    dln_strbuf_release(&out);
}

static void ascii_leaves_seven_bits(void **state)
{
    (void)state;
    struct dln_strbuf out = {0};
    const char *text = "Größe 模型 e\xcc\x81 \xe2\x80\xae \x1b";
    show(&out, text, strlen(text), SIZE_MAX, true);
    assert_string_equal(dln_strbuf_text(&out), "Gr??e ?? e <202E> ^[");
    dln_strbuf_release(&out);
}

static void a_cut_says_that_something_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t width;
        bool ascii;
        const char *shown;
    } cases[] = {
        {"weight", 6, false, "weight"},
        {"weights", 6, false, "weigh…"},
        {"weights", 6, true, "weig.."},
        {"模型模型", 5, false, "模型…"},
        {"模型模型", 4, false, "模…"}, /* the second would leave no room for the dots */
        {"模型", 4, false, "模型"},
        {"ab\xe2\x80\xae", 7, false, "ab…"},
        {"ab", 1, false, "…"},
        {"ab", 1, true, "."},
        {"ab", 0, false, ""},
        {"e\xcc\x81xyz", 2, false, "e\xcc\x81…"},
        {"", 3, false, ""},
    };
    struct dln_strbuf out = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        show(&out, cases[i].text, strlen(cases[i].text), cases[i].width, cases[i].ascii);
        assert_string_equal(dln_strbuf_text(&out), cases[i].shown);
    }
    dln_strbuf_release(&out);
}

static void text_is_appended(void **state)
{
    (void)state;
    struct dln_strbuf out = {0};
    dln_strbuf_add(&out, "trial ");
    dln_text_show(&out, "abcdef", 6, 3, false);
    assert_string_equal(dln_strbuf_text(&out), "trial ab…");
    dln_strbuf_release(&out);
}

/* Bytes that are likely to form sequences: whole ASCII, marks, bidi, wide and broken ones. */
static size_t random_text(struct dln_rng *rng, char *text, size_t cap)
{
    static const char *const seeds[] = {"\xcc\x81", "\xe2\x80\xae",     "模",  "\x1b[", "\xc2\x9b",
                                        "é",        "\xf0\x9f\x98\x80", "\r\n"};
    const size_t len = (size_t)(dln_rng_next(rng) % cap);
    size_t n = 0;
    while (n < len) {
        const uint64_t draw = dln_rng_next(rng);
        const char *seed = seeds[(draw >> 8) % (sizeof seeds / sizeof seeds[0])];
        if (draw % 4 == 0 && n + strlen(seed) <= len) {
            memcpy(text + n, seed, strlen(seed));
            n += strlen(seed);
        } else {
            text[n++] = (char)(draw % 4 == 1 ? ' ' + (draw >> 16) % 95 : draw >> 24);
        }
    }
    return n;
}

/* Every code point of a shown text may be shown, and marks stand on a base, two at most. */
static void assert_harmless(const char *text, size_t len)
{
    int marks = 2; /* none may come first */
    while (len > 0) {
        uint32_t code;
        const size_t eaten = dln_text_decode(text, len, &code);
        assert_true(code != 0xFFFD || eaten == 3); /* the text itself is valid */
        assert_int_not_equal(dln_text_kind(code), DLN_TEXT_HIDDEN);
        marks = dln_text_char_width(code) == 0 ? marks + 1 : 0;
        assert_true(marks <= 2);
        text += eaten;
        len -= eaten;
    }
}

static void random_bytes_become_harmless_fit_and_stay_as_they_are(void **state)
{
    (void)state;
    struct dln_rng rng;
    dln_rng_init(&rng, 26);
    struct dln_strbuf once = {0}, twice = {0};
    char text[96];
    for (int i = 0; i < 20000; i++) {
        const size_t len = random_text(&rng, text, sizeof text);
        const size_t width = i % 3 ? (size_t)(dln_rng_next(&rng) % 40) : SIZE_MAX;
        const bool ascii = i % 2;
        show(&once, text, len, width, ascii);
        assert_harmless(dln_strbuf_text(&once), once.len);
        assert_true(dln_text_width(dln_strbuf_text(&once)) <= width);
        show(&twice, dln_strbuf_text(&once), once.len, width, ascii);
        assert_string_equal(dln_strbuf_text(&twice), dln_strbuf_text(&once));
        for (size_t k = 0; ascii && k < once.len; k++) {
            assert_in_range(once.data[k], ' ', '~');
        }
    }
    dln_strbuf_release(&once);
    dln_strbuf_release(&twice);
}

static void every_code_point_survives_encoding(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        char bytes[4];
        uint32_t back;
        const size_t len = dln_text_encode(code, bytes);
        assert_int_equal(dln_text_decode(bytes, len, &back), len);
        assert_int_equal(back, code);
    }
    char bytes[4];
    assert_int_equal(dln_text_encode(0xD800, bytes), 3);
    assert_memory_equal(bytes, "\xef\xbf\xbd", 3);
}

static void widths_are_those_of_unicode(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        int width;
    } cases[] = {
        {'a', 1},    {0xE9, 1},    {0x301, 0},  {0x4E2D, 2},  {0xAC00, 2},  {0xFF21, 2},
        {0x3000, 2}, {0x1F600, 2}, {0x2800, 1}, {0x2588, 1},  {0x25CF, 1},  {0x2713, 1},
        {0x200B, 1}, {0xFF71, 1},  {0x1100, 2}, {0x1161, 0},  {0x20000, 2}, {0x1FAE8, 2},
        {0x231A, 2}, {0x00B1, 1},  {0xE31, 0},  {0x1F1E6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dln_text_char_width(cases[i].code), cases[i].width);
    }
    assert_int_equal(dln_text_width("模型 e\xcc\x81"), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_is_made_visible),
        cmocka_unit_test(ascii_leaves_seven_bits),
        cmocka_unit_test(a_cut_says_that_something_is_missing),
        cmocka_unit_test(text_is_appended),
        cmocka_unit_test(random_bytes_become_harmless_fit_and_stay_as_they_are),
        cmocka_unit_test(every_code_point_survives_encoding),
        cmocka_unit_test(widths_are_those_of_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
