/* A study file, from bytes to a checked struct dln_study. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/text.h"
#include "study/reader.h"

/* ── the keys of the top level ─────────────────────────────────────────────────────────────────*/

static const char *const aggregates[] = {"last", "best", "mean", NULL};
static const char *const duplicates[] = {"avoid", "reuse", "repeat", NULL};

static bool read_study_name(struct dln_reader *r, const struct dln_node *key,
                            const struct dln_node *value)
{
    (void)key;
    if (!dln_read_name(r, value, "a study's name", &r->study->name)) return false;
    if (value->count <= DLN_STUDY_NAME_MAX) return true;
    return dln_read_fail(r, value, "a study's name is longer than %d bytes", DLN_STUDY_NAME_MAX);
}

static bool read_prune_on(struct dln_reader *r, const struct dln_node *key,
                          const struct dln_node *value)
{
    (void)key;
    return dln_read_name(r, value, "a metric's name", &r->study->prune_on);
}

/* Start points need the whole space: dln_validate_start() reads them. */
static bool read_start(struct dln_reader *r, const struct dln_node *key,
                       const struct dln_node *value)
{
    (void)r;
    (void)key;
    (void)value;
    return true;
}

#define FUNCTION(text, function)                                       \
    {                                                                  \
        .name = (text), .kind = DLN_FIELD_FUNCTION, .read = (function) \
    }

static const struct dln_field top_fields[] = {
    FUNCTION("study", read_study_name),
    FUNCTION("run", dln_read_run),
    FUNCTION("worker", dln_read_worker),
    FUNCTION("objective", dln_read_objective),
    FUNCTION("space", dln_read_space),
    FUNCTION("strategy", dln_read_strategy),
    FUNCTION("pruner", dln_read_pruner),
    FUNCTION("prune_on", read_prune_on),
    FUNCTION("budget", dln_read_budget),
    FUNCTION("machine", dln_read_machine),
    FUNCTION("confirm", dln_read_confirm),
    FUNCTION("folds", dln_read_folds),
    FUNCTION("repeat", dln_read_repeat),
    FUNCTION("metrics", dln_read_metrics),
    {.name = "aggregate",
     .kind = DLN_FIELD_WORD,
     .offset = offsetof(struct dln_study, aggregate),
     .words = aggregates},
    FUNCTION("limits", dln_read_limits),
    FUNCTION("constraints", dln_read_constraints),
    FUNCTION("failure", dln_read_failure),
    FUNCTION("start", read_start),
    FUNCTION("fixed", dln_read_fixed),
    FUNCTION("config", dln_read_config),
    {.name = "duplicates",
     .kind = DLN_FIELD_WORD,
     .offset = offsetof(struct dln_study, duplicates),
     .words = duplicates},
    FUNCTION("seed", dln_read_seed),
    FUNCTION("env", dln_read_env),
    {.name = "dir", .kind = DLN_FIELD_TEXT, .offset = offsetof(struct dln_study, dir)},
    FUNCTION("checkpoint", dln_read_checkpoint),
    FUNCTION("hooks", dln_read_hooks),
    FUNCTION("keep", dln_read_keep),
    FUNCTION("warm_start", dln_read_warm_start),
    {0},
};

static void set_defaults(struct dln_study *study)
{
    study->strategy.name = "auto";
    study->pruner.name = "none";
    study->budget.trials = 100;
    study->keep_top = -1;
    study->machine = (struct dln_machine){
        .parallel = 1,
        .gpus = -1,
        .gpus_per_trial = 0,
        .grace_ms = 15000,
        .log_limit_bytes = 50 * 1000 * 1000,
        .executor = "local",
    };
    study->folds = 1;
    study->repeat_runs = 1;
    study->retries = 1;
    study->pause_after = 5;
    study->policy[DLN_FAIL_NONE] = DLN_POLICY_IGNORE;
    study->policy[DLN_FAIL_STOPPED] = DLN_POLICY_IGNORE;
}

/* ── names from the path ───────────────────────────────────────────────────────────────────────*/

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static size_t length_without_ending(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t cut = strlen(endings[i]);
        if (len > cut && strcmp(name + len - cut, endings[i]) == 0) return len - cut;
    }
    return len;
}

/* The file's name without .yaml; a name that no study may have is an error that asks for a key. */
static bool name_from_path(struct dln_reader *r)
{
    const char *base = base_of(r->path);
    const size_t len = length_without_ending(base);
    bool is_fit = len <= DLN_STUDY_NAME_MAX;
    for (size_t i = 0; i < len && is_fit;) {
        uint32_t code = 0;
        i += dln_text_decode(base + i, len - i, &code);
        is_fit = code >= 0x20 && code != 0xFFFD && (code < 0x7F || code > 0x9F);
    }
    if (!is_fit) {
        return dln_read_fail(r, r->root,
                             "the file's name cannot name the study; give it a name "
                             "with 'study'");
    }
    r->study->name = len > 0 ? dln_arena_copy_len(r->arena, base, len) : "study";
    return r->study->name ? true : dln_read_no_memory(r);
}

/* The folder of the file, absolute by its text: it need not exist here. */
static bool directory_from_path(struct dln_study *study, const char *path, struct dln_error *err)
{
    const size_t len = (size_t)(base_of(path) - path);
    const size_t kept = len > 1 ? len - 1 : len; /* without the slash, but "/" stays */
    char *directory;
    if (path[0] == '/') {
        directory = dln_arena_copy_len(&study->arena, path, kept);
    } else {
        char *here = getcwd(NULL, 0);
        if (!here) return dln_fail_errno(err, errno, "find the working directory");
        const char *slash = strcmp(here, "/") == 0 || kept == 0 ? "" : "/";
        directory = dln_arena_printf(&study->arena, "%s%s%.*s", here, slash, (int)kept, path);
        free(here);
    }
    if (!directory) return dln_fail(err, DLN_NOMEM, "out of memory");
    study->directory = directory;
    return true;
}

/* ── reading ───────────────────────────────────────────────────────────────────────────────────*/

static bool read_tree(struct dln_reader *r)
{
    if (r->root->kind != DLN_NODE_MAP) {
        return dln_read_fail(r, r->root,
                             "a study file is a map of keys, such as 'objective:' and "
                             "'space:'");
    }
    if (!dln_read_map(r, r->root, NULL, top_fields, r->study)) return false;
    if (!r->study->name && !name_from_path(r)) return false;
    return dln_validate_whole(r) && dln_validate_executor(r) && dln_validate_names(r) &&
           dln_validate_start(r);
}

static bool read_into(struct dln_study *study, const char *path, const char *text, size_t len,
                      struct dln_error *err)
{
    if (len > DLN_STUDY_BYTES_MAX) {
        return dln_fail(err, DLN_INVALID, "%.400s: a study file is at most 1 MiB", path);
    }
    study->path = dln_arena_copy(&study->arena, path);
    study->text = dln_arena_copy_len(&study->arena, text, len);
    study->text_len = len;
    if (!study->path || !study->text) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!directory_from_path(study, path, err)) return false;
    set_defaults(study);

    struct dln_arena tree = {0};
    struct dln_reader r = {.study = study, .arena = &study->arena, .path = path, .err = err};
    const bool ok = dln_yaml_parse(path, text, len, &tree, &r.root, err) && read_tree(&r);
    dln_arena_release(&tree);
    return ok;
}

bool dln_study_read(const char *path, const char *text, size_t len, struct dln_study **out,
                    struct dln_error *err)
{
    struct dln_study *study = calloc(1, sizeof *study);
    if (!study) return dln_fail(err, DLN_NOMEM, "out of memory");
    if (!read_into(study, path, text, len, err)) {
        dln_study_free(study);
        return false;
    }
    *out = study;
    return true;
}

void dln_study_free(struct dln_study *study)
{
    if (!study) return;
    dln_arena_release(&study->arena);
    free(study);
}

/* Up to one byte more than is allowed, so that the reader sees that it is too much. */
static bool read_bytes(int fd, const char *path, char **text, size_t *len, struct dln_error *err)
{
    char *bytes = malloc(DLN_STUDY_BYTES_MAX + 1);
    if (!bytes) return dln_fail(err, DLN_NOMEM, "out of memory");
    size_t have = 0;
    while (have <= DLN_STUDY_BYTES_MAX) {
        const ssize_t got = read(fd, bytes + have, DLN_STUDY_BYTES_MAX + 1 - have);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            const int problem = errno;
            free(bytes);
            return dln_fail_errno(err, problem, "read '%.400s'", path);
        }
        have += (size_t)got;
    }
    *text = bytes;
    *len = have;
    return true;
}

bool dln_study_read_file(const char *path, struct dln_study **out, struct dln_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        const int problem = errno;
        if (problem == ENOENT)
            return dln_fail(err, DLN_NOT_FOUND, "there is no file '%.400s'", path);
        return dln_fail_errno(err, problem, "open '%.400s'", path);
    }
    struct stat info;
    bool ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (!ok) dln_fail(err, DLN_IO, "'%.400s' is not a regular file", path);
    char *text = NULL;
    size_t len = 0;
    ok = ok && read_bytes(fd, path, &text, &len, err);
    close(fd);
    ok = ok && dln_study_read(path, text, len, out, err);
    free(text);
    return ok;
}
