/* libFuzzer's side: one program for all targets, DIALIN_FUZZ=NAME says which. */
#include <string.h>

#include "fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void (*target)(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("DIALIN_FUZZ");
    (void)argc;
    (void)argv;
#define FUZZ_FIND(one) \
    if (name && strcmp(name, #one) == 0) target = fuzz_##one;
    FUZZ_TARGETS(FUZZ_FIND)
#undef FUZZ_FIND
    if (target) return 0;
    fprintf(stderr, "DIALIN_FUZZ is none of:"
#define FUZZ_NAME(one) " " #one
            FUZZ_TARGETS(FUZZ_NAME)
#undef FUZZ_NAME
                "\n");
    exit(2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target(data, size);
    return 0;
}
