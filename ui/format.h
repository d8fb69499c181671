/*
 * Numbers for people. "." is the decimal mark in every locale; missing is "–", nan and inf are
 * words. All results fit in FORMAT_MAX bytes with the NUL, and every function returns its out
 * argument. Texts hold "–", "±" and the like; cells_text() turns them into ASCII where the terminal
 * needs it.
 */
#ifndef UI_FORMAT_H
#define UI_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FORMAT_MAX     64
#define FORMAT_MISSING "–"

/* How all numbers of one column are written, so that they align on the point. */
enum number_kind { NUMBER_FIXED, NUMBER_SCIENTIFIC, NUMBER_INT };
struct number_style {
    enum number_kind kind;
    int digits; /* after the point */
};

/*
 * An objective's column: as many decimals as make the two best differ, at least 3 and at most 6
 * significant digits of the best; scientific where that would be longer than 9 characters.
 * `second` may be NaN.
 */
struct number_style number_objective(double best, double second);
/* A parameter's column. wide: one digit more for logarithmic ones. step 0: none. */
struct number_style number_param(double low, double high, double step, bool log, bool integer,
                                 bool wide);
/* "0.0387"  "9.1e-04"  "nan"  "-inf"; -0 is written as 0. */
char *format_number(char out[FORMAT_MAX], struct number_style style, double x);
int number_width(struct number_style style, double low, double high); /* columns it needs */

char *format_detail(char out[FORMAT_MAX], double x);             /* 6 significant: "0.0391274" */
char *format_with_sd(char out[FORMAT_MAX], double x, double sd); /* "0.0391 ± 0.0007" */
/* Of n runs, after a number in this style: " ±0.004 (n=5)", without n below 1 nothing. */
char *format_spread(char out[FORMAT_MAX], struct number_style style, double sd, int n);
char *format_runs(char out[FORMAT_MAX], double x, double sd, int n); /* "0.912 ±0.004 (n=5)" */
char *format_change(char out[FORMAT_MAX], double x, int decimals);   /* "+0.0034" */
/* Ends of an interval, with the digits that its width asks for. */
void format_interval(char low[FORMAT_MAX], char high[FORMAT_MAX], double from, double to);
char *format_share(char out[FORMAT_MAX], double share);    /* 0.534: "53 %" */
char *format_count(char out[FORMAT_MAX], int64_t n);       /* "4 012" */
char *format_count_short(char out[FORMAT_MAX], int64_t n); /* at most 5: "12.5k" */
char *format_bytes(char out[FORMAT_MAX], int64_t bytes);   /* "94 MB" (1024-based) */

/* Never wider than 5 columns: "0.8s" "42s" "3m07" "2h14" "3d04" "99d". Negative: "–". */
char *format_duration(char out[FORMAT_MAX], int64_t ms);
/* The same in whole minutes up to an hour, for slow lines: "0m" "12m" "2h14". */
char *format_minutes(char out[FORMAT_MAX], int64_t ms);
/* "now" "42s ago" "8h04 ago" "2d ago"; `ago` false leaves the word out. */
char *format_ago(char out[FORMAT_MAX], int64_t seconds, bool ago);
/* A duration rounded to 5 %, "–" with fewer than 5 finished trials. */
char *format_eta(char out[FORMAT_MAX], int64_t ms, int64_t n_finished);
/* Today "12:58:01", this year "11-24 15:38", else "2025-11-24"; local zone. */
char *format_time(char out[FORMAT_MAX], int64_t wall_us, int64_t now_us);

#endif
