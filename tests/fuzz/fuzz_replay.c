/*
 * Gives every seed to its target, in any build. A seed that ends the process stands in the last
 * line that was printed. fuzz_replay SEEDS            all of SEEDS/TARGET/ fuzz_replay TARGET FILE…
 * these
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

typedef void fuzz_target(const uint8_t *data, size_t size);

static const struct {
    const char *name;
    fuzz_target *run;
} targets[] = {
#define FUZZ_ROW(name) {#name, fuzz_##name},
    FUZZ_TARGETS(FUZZ_ROW)
#undef FUZZ_ROW
};
enum { N_TARGETS = sizeof targets / sizeof targets[0] };

static int run_file(size_t target, const char *path)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &about) != 0) {
        perror(path);
        return 1;
    }
    const size_t size = (size_t)about.st_size;
    uint8_t *bytes = malloc(size + !size); /* no byte more: a step behind the end is seen */
    const int bad = !bytes || fread(bytes, 1, size, file) != size;
    (void)fclose(file);
    printf("%s %s\n", targets[target].name, path);
    (void)fflush(stdout);
    if (!bad) targets[target].run(bytes, size);
    free(bytes);
    return bad;
}

static int run_folder(const char *seeds, size_t target)
{
    char folder[1024];
    char path[2048];
    int n = 0;
    int bad = 0;
    (void)snprintf(folder, sizeof folder, "%s/%s", seeds, targets[target].name);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        bad += run_file(target, path);
        n++;
    }
    if (dir) (void)closedir(dir);
    if (n == 0) fprintf(stderr, "%s: no seeds\n", folder);
    return bad + (n == 0);
}

int main(int argc, char **argv)
{
    int bad = 0;
    if (argc < 2) return 2;
    for (size_t i = 0; i < N_TARGETS; i++) {
        if (argc == 2) {
            targets[i].run((const uint8_t *)"", 0);
            bad += run_folder(argv[1], i);
        }
        for (int k = 2; k < argc && strcmp(argv[1], targets[i].name) == 0; k++)
            bad += run_file(i, argv[k]);
    }
    return bad != 0;
}
