#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "exec/wire.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTROL_BYTES CMSG_SPACE(DLN_WIRE_FDS_MAX * sizeof(int))

int dln_wire_send(int fd, const struct dln_wire *message, const int *fds, size_t n_fds)
{
    struct dln_wire copy = *message;
    struct iovec bytes = {.iov_base = &copy, .iov_len = sizeof copy};
    alignas(struct cmsghdr) char control[CONTROL_BYTES] = {0};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    if (n_fds > 0) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(rights), fds, n_fds * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return 0;
    return errno == EWOULDBLOCK || errno == ENOBUFS ? EAGAIN : errno;
}

static size_t take_fds(struct msghdr *header, int fds[DLN_WIRE_FDS_MAX])
{
    size_t n = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (n < DLN_WIRE_FDS_MAX) {
                fds[n++] = fd;
            } else {
                (void)close(fd);
            }
        }
    }
    return n;
}

enum dln_wire_result dln_wire_receive(int fd, struct dln_wire *message, int fds[DLN_WIRE_FDS_MAX],
                                      size_t *n_fds)
{
    for (;;) {
        struct iovec bytes = {.iov_base = message, .iov_len = sizeof *message};
        alignas(struct cmsghdr) char control[CONTROL_BYTES];
        struct msghdr header = {.msg_iov = &bytes,
                                .msg_iovlen = 1,
                                .msg_control = control,
                                .msg_controllen = sizeof control};
        const ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? DLN_WIRE_NOTHING : DLN_WIRE_CLOSED;
        }
        *n_fds = take_fds(&header, fds);
        if (got == (ssize_t)sizeof *message) return DLN_WIRE_GOT;
        for (size_t i = 0; i < *n_fds; i++)
            (void)close(fds[i]);
        if (got == 0) return DLN_WIRE_CLOSED;
    }
}
