#include "support/test.h"

#include <locale.h>

#include "cli/csv.h"
#include "cli/report.h"

/* The table as it prints in `width` columns; the caller frees it. */
static char *printed(const struct report *report, size_t width, size_t *left_out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *const to = open_memstream(&text, &len);
    struct dln_error err = {0};
    assert_non_null(to);
    assert_ok(report_print(report, to, width, true, left_out, &err), err);
    fclose(to);
    return text;
}

static void fill(struct report *report)
{
    report_column(report, "number", true);
    report_column(report, "name", false);
    report_column(report, "loss", true);
    report_cell(report, "1");
    report_cell(report, "a rather long name of a trial");
    report_cell(report, "0.25");
    report_cell(report, "12");
    report_cell(report, "b");
    report_cell(report, "");
}

static void columns_are_aligned_and_lines_have_no_blanks_at_their_end(void **state)
{
    (void)state;
    struct report report = {0};
    fill(&report);
    char *const text = printed(&report, 80, NULL);
    assert_string_equal(text, "number  name                           loss\n"
                              "     1  a rather long name of a trial  0.25\n"
                              "    12  b\n");
    free(text);
    report_release(&report);
}

static void text_is_cut_before_numbers_are_left_out(void **state)
{
    (void)state;
    struct report report = {0};
    fill(&report);
    size_t left_out = 9;
    char *text = printed(&report, 30, &left_out);
    assert_string_equal(text, "number  name              loss\n"
                              "     1  a rather long n…  0.25\n"
                              "    12  b\n");
    assert_int_equal(left_out, 0);
    free(text);
    text = printed(&report, 20, &left_out);
    assert_string_equal(text, "number  name\n"
                              "     1  a rathe…\n"
                              "    12  b\n");
    assert_int_equal(left_out, 1);
    free(text);
    report_release(&report);
}

static void control_characters_never_reach_the_output(void **state)
{
    (void)state;
    struct report report = {0};
    report_column(&report, "na\033[31mme", false);
    report_cell(&report, "a\033]0;owned\007\n\x7f\xc2\x9b"
                         "b");
    char *const text = printed(&report, 80, NULL);
    for (const char *p = text; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        assert_true(c == '\n' || (c >= 0x20 && c != 0x7f));
    }
    assert_null(strstr(text, "\xc2\x9b"));
    assert_non_null(strstr(text, "owned"));
    free(text);
    report_release(&report);
}

static void text_that_a_spreadsheet_would_run_gets_an_apostrophe(void **state)
{
    (void)state;
    struct csv csv = {0};
    csv_text(&csv, "=1+2");
    csv_text(&csv, "plain");
    csv_value(&csv, (struct dln_value){.kind = DLN_VALUE_NUMBER, .number = -0.5});
    csv_text(&csv, "@x, \"y\"");
    csv_end_line(&csv);
    assert_string_equal(dln_strbuf_text(&csv.out), "\"'=1+2\",plain,-0.5,\"'@x, \"\"y\"\"\"\r\n");
    dln_strbuf_release(&csv.out);
}

static void raw_csv_and_missing_cells_stay_as_they_are(void **state)
{
    (void)state;
    struct csv csv = {.raw = true};
    csv_value(&csv, (struct dln_value){.kind = DLN_VALUE_MISSING});
    csv_text(&csv, "=1+2");
    csv_text(&csv, "two\nlines");
    csv_end_line(&csv);
    csv_value(&csv, (struct dln_value){.kind = DLN_VALUE_BOOL, .truth = true});
    csv_end_line(&csv);
    assert_string_equal(dln_strbuf_text(&csv.out), ",=1+2,\"two\nlines\"\r\ntrue\r\n");
    dln_strbuf_release(&csv.out);
}

static void each_code_has_the_status_that_the_help_promises(void **state)
{
    (void)state;
    assert_int_equal(status_of(DLN_OK), 0);
    assert_int_equal(status_of(DLN_REFUSED), 1);
    assert_int_equal(status_of(DLN_INVALID), 2);
    assert_int_equal(status_of(DLN_NOT_FOUND), 2);
    assert_int_equal(status_of(DLN_BUSY), 3);
    assert_int_equal(status_of(DLN_CORRUPT), 4);
    assert_int_equal(status_of(DLN_IO), 4);
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned_and_lines_have_no_blanks_at_their_end),
        cmocka_unit_test(text_is_cut_before_numbers_are_left_out),
        cmocka_unit_test(control_characters_never_reach_the_output),
        cmocka_unit_test(text_that_a_spreadsheet_would_run_gets_an_apostrophe),
        cmocka_unit_test(raw_csv_and_missing_cells_stay_as_they_are),
        cmocka_unit_test(each_code_has_the_status_that_the_help_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
