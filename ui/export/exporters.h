/* A study in other formats: one entry a format. */
#ifndef UI_EXPORT_EXPORTERS_H
#define UI_EXPORT_EXPORTERS_H

#include "cli/journal.h"
#include "cli/locate.h"
#include "cli/trial_list.h"
#include "dialin/strbuf.h"

struct export_ask {
    struct opened *study;
    const struct trial_list *list; /* those asked for, with their curves, in the order asked for */
    size_t objective;              /* what plots and rankings are about */
    bool raw;                      /* CSV without apostrophes */
};

struct exporter {
    const char *name;   /* "csv" */
    const char *ending; /* of a file: ".csv" */
    const char *help;
    bool (*write)(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err);
};

/* NULL-terminated. */
const struct exporter *const *exporters(void);
const struct exporter *exporter_find(const char *name);
const struct exporter *exporter_for_file(const char *path); /* by its ending; NULL: none */

#endif
