#define _GNU_SOURCE /* flock */
#include "store/side.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/strbuf.h"

enum { TURN_MS = 200 };

int64_t dln_side_bytes(const char *path, const char *ending)
{
    struct dln_strbuf name = {0};
    struct stat file;
    dln_strbuf_addf(&name, "%s%s", path, ending);
    const bool found = dln_strbuf_ok(&name) && stat(dln_strbuf_text(&name), &file) == 0;
    dln_strbuf_release(&name);
    return found ? (int64_t)file.st_size : -1;
}

int dln_side_await_turn(const char *path)
{
    struct dln_strbuf name = {0};
    dln_strbuf_addf(&name, "%s-wal", path);
    int fd = -1;
    if (dln_strbuf_ok(&name)) {
        fd = open(dln_strbuf_text(&name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    dln_strbuf_release(&name);
    for (int waited_ms = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms++) {
        if (waited_ms == TURN_MS) {
            (void)close(fd);
            return -1;
        }
        (void)poll(NULL, 0, 1);
    }
    return fd;
}

bool dln_side_immutable_uri(const char *path, char **out, struct dln_error *err)
{
    struct dln_strbuf uri = {0};
    dln_strbuf_add(&uri, "file:");
    for (const char *p = path; *p; p++) {
        const unsigned char c = (unsigned char)*p;
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || strchr("/-_.", c);
        if (is_plain) {
            dln_strbuf_add_char(&uri, *p);
        } else {
            dln_strbuf_addf(&uri, "%%%02X", c);
        }
    }
    dln_strbuf_add(&uri, "?immutable=1");
    return dln_strbuf_take(&uri, out, err);
}
