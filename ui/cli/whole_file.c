#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool write_whole_file(const char *path, const struct dln_strbuf *text, struct dln_error *err)
{
    struct dln_strbuf draft = {0};
    dln_strbuf_addf(&draft, "%s.%ld.new", path, (long)getpid());
    const char *const name = dln_strbuf_text(&draft);
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    bool ok = fd >= 0 || dln_fail_errno(err, errno, "make '%s'", path);
    if (ok) {
        ok = write_all(fd, dln_strbuf_text(text), text->len) ||
             dln_fail_errno(err, errno, "write '%s'", path);
        ok = (close(fd) == 0 && ok) || (ok && dln_fail_errno(err, errno, "write '%s'", path));
        ok = ok && (rename(name, path) == 0 || dln_fail_errno(err, errno, "make '%s'", path));
        if (!ok) (void)unlink(name);
    }
    dln_strbuf_release(&draft);
    return ok;
}
