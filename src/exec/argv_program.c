/* Before the first trial: is there a program of that name, for as much as can be told here? */
#include "dialin/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/strbuf.h"
#include "exec/placeholder.h"
#include "exec/run_text.h"

/* 0, or what execve() would say, of the errors that matter to a person. */
static int try_path(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0) return errno;
    return S_ISREG(file.st_mode) && access(path, X_OK) == 0 ? 0 : EACCES;
}

static int try_joined(struct dln_strbuf *path, const char *folder, size_t len, const char *name)
{
    dln_strbuf_reset(path);
    dln_strbuf_add_len(path, folder, len);
    if (len > 0) dln_strbuf_add_char(path, '/');
    dln_strbuf_add(path, name);
    return dln_strbuf_ok(path) ? try_path(dln_strbuf_text(path)) : 0;
}

static int search(struct dln_strbuf *path, const char *name)
{
    const char *at = getenv("PATH");
    int error = ENOENT;
    while (at && error != 0) {
        const size_t len = strcspn(at, ":");
        const int now = try_joined(path, at, len, name);
        if (now == 0 || now == EACCES) error = now;
        at = at[len] == ':' ? at + len + 1 : NULL;
    }
    return error;
}

/* Its name depends on the trial, or its PATH on the study file. */
static bool is_unknowable(const struct dln_study *study)
{
    const char *at = dln_study_command(study)->word[0];
    struct dln_piece piece;
    while (dln_piece_next(study, &at, &piece)) {
        if (piece.place != DLN_PLACE_TEXT) return true;
    }
    for (size_t i = 0; i < study->n_env; i++) {
        if (strcmp(study->env[i].name, "PATH") == 0) return true;
    }
    return false;
}

bool dln_argv_find_program(const struct dln_study *study, struct dln_error *err)
{
    if (dln_study_command(study)->n == 0 || is_unknowable(study)) return true;
    const char *name = dln_study_command(study)->word[0];
    const char *directory = study->directory ? study->directory : ".";
    struct dln_strbuf path = {0};
    int error;
    if (name[0] == '/') {
        error = try_path(name);
    } else if (strchr(name, '/')) {
        error = try_joined(&path, directory, strlen(directory), name);
    } else {
        error = search(&path, name);
    }
    dln_strbuf_release(&path);
    if (error == 0) return true;
    char text[DLN_RUN_TEXT_MAX];
    bool pointless;
    const struct dln_wire failed = {.stage = DLN_STAGE_EXEC, .code = error};
    dln_run_failure_text(&failed, name, directory, text, &pointless);
    return dln_fail(err, DLN_NOT_FOUND, "%s", text);
}

bool dln_argv_names_param(const struct dln_study *study)
{
    if (study->worker.n > 0) return true; /* each line has all of them */
    for (size_t i = 0; i < study->run.n; i++) {
        const char *at = study->run.word[i];
        struct dln_piece piece;
        while (dln_piece_next(study, &at, &piece)) {
            if (piece.place == DLN_PLACE_PARAM || piece.place == DLN_PLACE_ARGS ||
                piece.place == DLN_PLACE_JSON || piece.place == DLN_PLACE_CONFIG) {
                return true;
            }
        }
    }
    return false;
}
