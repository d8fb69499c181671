/* One study on one page, for people and as JSON: `dialin show STUDY`. */
#ifndef UI_CLI_STUDY_PAGE_H
#define UI_CLI_STUDY_PAGE_H

#include "cli/locate.h"
#include "cli/report.h"
#include "dialin/json.h"

enum status study_page(struct opened *study, bool as_json);
/* A parameter: name, kind, choices or low high step log, when. */
void param_json(struct dln_json_writer *w, const struct dln_param *param);

#endif
