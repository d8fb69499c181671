/*
 * Filters that a user saved under a name, for all studies: `@good` in a filter means one of them.
 * They are kept in the state folder, as filters.json.
 */
#ifndef UI_SAVED_FILTERS_H
#define UI_SAVED_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

struct saved_filters {
    json_t *all; /* name → text; NULL until saved_filters_load() */
};

void saved_filters_load(struct saved_filters *saved);
void saved_filters_release(struct saved_filters *saved);
/* The text behind a name, NULL: none. `context` is a struct saved_filters. */
const char *saved_filters_text(void *context, const char *name);
/* A name is letters, digits, '-' and '_'. */
bool saved_filters_is_name(const char *name);
/* Keeps it, in the file too; an empty text forgets the name. False: it could not be written. */
bool saved_filters_put(struct saved_filters *saved, const char *name, const char *text);

#endif
