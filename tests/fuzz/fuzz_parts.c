#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "support/scratch.h"

static char folder[SCRATCH_PATH_MAX];

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_HOLDS(text);
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void remove_folder(void)
{
    scratch_remove(folder);
}

const char *fuzz_folder(void)
{
    if (!folder[0]) {
        scratch_make(folder);
        (void)atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_file(const char *name, const void *bytes, size_t size)
{
    static char path[SCRATCH_PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FUZZ_HOLDS(fd >= 0);
    FUZZ_HOLDS(write(fd, bytes, size) == (ssize_t)size);
    FUZZ_HOLDS(close(fd) == 0);
    return path;
}
