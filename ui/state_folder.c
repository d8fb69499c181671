#define _GNU_SOURCE /* realpath */
#include "state_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/json.h"

enum { STATE_BYTES_MAX = 1024 * 1024 };

/* The folder, made if need be; false: there is no home. */
static bool find_folder(struct dln_strbuf *path)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state && *state == '/') {
        dln_strbuf_add(path, state);
    } else if (home && *home == '/') {
        dln_strbuf_addf(path, "%s/.local", home);
        (void)mkdir(dln_strbuf_text(path), 0700);
        dln_strbuf_add(path, "/state");
    } else {
        return false;
    }
    (void)mkdir(dln_strbuf_text(path), 0700);
    dln_strbuf_add(path, "/dialin");
    return (mkdir(dln_strbuf_text(path), 0700) == 0 || errno == EEXIST) && dln_strbuf_ok(path);
}

json_t *state_read(const char *file)
{
    struct dln_strbuf path = {0};
    json_t *object = NULL;
    if (find_folder(&path)) {
        dln_strbuf_addf(&path, "/%s", file);
        const int fd = open(dln_strbuf_text(&path), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char *text = fd >= 0 ? malloc(STATE_BYTES_MAX) : NULL;
        size_t len = 0;
        while (text && len < STATE_BYTES_MAX) {
            const ssize_t n = read(fd, text + len, STATE_BYTES_MAX - len);
            if (n <= 0) break;
            len += (size_t)n;
        }
        if (text && dln_json_read(text, len, &object, NULL) && !json_is_object(object)) {
            json_decref(object);
            object = NULL;
        }
        free(text);
        if (fd >= 0) (void)close(fd);
    }
    dln_strbuf_release(&path);
    return object;
}

bool state_write(const char *file, const json_t *object)
{
    struct dln_strbuf path = {0}, temporary = {0}, text = {0};
    struct dln_json_writer writer = {.out = &text};
    bool ok = false;
    dln_json_value(&writer, object);
    dln_strbuf_add(&text, "\n");
    if (find_folder(&path) && dln_strbuf_ok(&text)) {
        dln_strbuf_addf(&temporary, "%s/%s.%ld", dln_strbuf_text(&path), file, (long)getpid());
        dln_strbuf_addf(&path, "/%s", file);
        const int fd =
            open(dln_strbuf_text(&temporary), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd >= 0) {
            ok = write(fd, text.data, text.len) == (ssize_t)text.len;
            (void)close(fd);
            ok = ok && rename(dln_strbuf_text(&temporary), dln_strbuf_text(&path)) == 0;
            if (!ok) (void)unlink(dln_strbuf_text(&temporary));
        }
    }
    dln_strbuf_release(&path);
    dln_strbuf_release(&temporary);
    dln_strbuf_release(&text);
    return ok;
}

bool state_study_key(struct dln_strbuf *key, const char *path, int64_t study_id)
{
    char *real = realpath(path, NULL);
    dln_strbuf_addf(key, "%s#%" PRId64, real ? real : path, study_id);
    free(real);
    return dln_strbuf_ok(key);
}
