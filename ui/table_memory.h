/*
 * How a person left the table of a study: filter, order, columns. Kept in the state folder, as
 * tables.json; read and written by the helper, because a home may lie on a slow disk. Thread: ui.
 */
#ifndef UI_TABLE_MEMORY_H
#define UI_TABLE_MEMORY_H

#include <jansson.h>

#include "view.h"

/* What was kept of the open study (NULL: nothing), and the filters used lately, of any study. */
typedef void table_recalled(struct view *view, const json_t *table, const json_t *history);
void table_memory_load(struct view *view, table_recalled *recalled);
/* Takes both over; `history` may be NULL: as it is. */
void table_memory_save(struct view *view, json_t *table, json_t *history);

#endif
