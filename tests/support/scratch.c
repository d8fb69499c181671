#define _GNU_SOURCE
#include "support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void scratch_make(char folder[SCRATCH_PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(folder, SCRATCH_PATH_MAX, "%.400s/dialin-test-XXXXXX", base ? base : "/tmp");
    if (mkdtemp(folder)) return;
    perror(folder);
    exit(2);
}

const char *scratch_path(const char *folder, const char *name)
{
    static char paths[8][SCRATCH_PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, SCRATCH_PATH_MAX, "%.400s/%.100s", folder, name);
    return path;
}

static int remove_one(const char *path, const struct stat *file, int kind, struct FTW *walk)
{
    (void)file;
    (void)walk;
    if (kind == FTW_DNR) (void)chmod(path, 0700);
    (void)remove(path);
    return 0;
}

void scratch_remove(const char *folder)
{
    (void)chmod(folder, 0700);
    (void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
