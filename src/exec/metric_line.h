/* Inside of the metric reader that only the runner needs. */
#ifndef DLN_EXEC_METRIC_LINE_H
#define DLN_EXEC_METRIC_LINE_H

#include "dialin/exec.h"

/* A further reader of the same study, without compiling its expressions again. */
DLN_CHECK bool dln_metric_reader_clone(const dln_metric_reader *reader, dln_metric_reader **out,
                                       struct dln_error *err);
/* Lines that were longer than 64 KiB, and of which only the beginning was looked at. */
int64_t dln_metric_reader_cut_lines(const dln_metric_reader *reader);

#endif
