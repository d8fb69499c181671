/* Calls of the looking commands and what they print. */
#ifndef UI_CLI_EXAMPLES_H
#define UI_CLI_EXAMPLES_H

struct example {
    const char *command; /* the verb it belongs to */
    const char *call;    /* what follows "dialin" */
    const char *output;  /* lines */
};

/* The next one of a command, the first after NULL; NULL: there is no other. */
const struct example *example_of(const char *command, const struct example *after);

#endif
