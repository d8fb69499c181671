/* Text as a YAML scalar that means it inside a {…}: plain where that is safe, else in quotes. */
#ifndef DLN_STUDY_PARAM_DEFINE_H
#define DLN_STUDY_PARAM_DEFINE_H

#include "dialin/strbuf.h"

void dln_yaml_word(struct dln_strbuf *out, const char *text);

#endif
