#include "dialin/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence is one line, whatever was quoted in it. */
static void keep_one_line(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7F) *text = ' ';
    }
}

bool dln_fail(struct dln_error *err, enum dln_code code, const char *format, ...)
{
    if (!err) return false;
    va_list args;
    va_start(args, format);
    err->code = code;
    if (vsnprintf(err->text, sizeof err->text, format, args) < 0) err->text[0] = '\0';
    va_end(args);
    keep_one_line(err->text);
    return false;
}

bool dln_wrap(struct dln_error *err, const char *format, ...)
{
    if (!err) return false;
    char context[DLN_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    if (vsnprintf(context, sizeof context, format, args) < 0) context[0] = '\0';
    va_end(args);

    char inner[DLN_ERROR_TEXT_MAX];
    memcpy(inner, err->text, sizeof inner);
    if (snprintf(err->text, sizeof err->text, "%.400s: %.600s", context, inner) < 0) {
        memcpy(err->text, inner, sizeof inner);
    }
    keep_one_line(err->text);
    return false;
}

bool dln_fail_errno(struct dln_error *err, int errnum, const char *format, ...)
{
    if (!err) return false;
    char sentence[DLN_ERROR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    if (vsnprintf(sentence, sizeof sentence, format, args) < 0) sentence[0] = '\0';
    va_end(args);

    char reason[128];
    if (strerror_r(errnum, reason, sizeof reason) != 0) {
        if (snprintf(reason, sizeof reason, "error %d", errnum) < 0) reason[0] = '\0';
    }
    return dln_fail(err, errnum == ENOMEM ? DLN_NOMEM : DLN_IO, "%.800s: %s", sentence, reason);
}

void dln_error_reset(struct dln_error *err)
{
    err->code = DLN_OK;
    err->text[0] = '\0';
}

const char *dln_code_name(enum dln_code code)
{
    static const char *const names[] = {
#define DLN_CODE_NAME(name) #name,
        DLN_CODES(DLN_CODE_NAME)
#undef DLN_CODE_NAME
    };
    return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "UNKNOWN";
}
