#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "exec/wire.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define CONTROL_BYTES CMSG_SPACE(DLN_WIRE_FDS_MAX * sizeof(int))

void dln_wire_load_close(struct dln_wire_load *load)
{
    for (size_t i = 0; i < load->n_fds; i++)
        (void)close(load->fds[i]);
    load->n_fds = 0;
}

int dln_wire_send(int fd, const struct dln_wire *message, const struct dln_wire_load *load)
{
    struct dln_wire head = *message;
    struct iovec parts[2] = {{.iov_base = &head, .iov_len = sizeof head}};
    alignas(struct cmsghdr) char control[CONTROL_BYTES] = {0};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = 1};
    if (load && load->len > 0) {
        parts[1] = (struct iovec){.iov_base = load->bytes, .iov_len = load->len};
        header.msg_iovlen = 2;
    }
    if (load && load->n_fds > 0) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(load->n_fds * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(load->n_fds * sizeof(int));
        memcpy(CMSG_DATA(rights), load->fds, load->n_fds * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) return 0;
    return errno == EWOULDBLOCK || errno == ENOBUFS ? EAGAIN : errno;
}

static void take_fds(struct msghdr *header, struct dln_wire_load *load)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (load->n_fds < DLN_WIRE_FDS_MAX) {
                load->fds[load->n_fds++] = fd;
            } else {
                (void)close(fd);
            }
        }
    }
}

enum dln_wire_result dln_wire_receive(int fd, struct dln_wire *message, struct dln_wire_load *load)
{
    for (;;) {
        struct iovec parts[2] = {{.iov_base = message, .iov_len = sizeof *message},
                                 {.iov_base = load->bytes, .iov_len = DLN_WIRE_BYTES_MAX}};
        alignas(struct cmsghdr) char control[CONTROL_BYTES];
        struct msghdr header = {.msg_iov = parts,
                                .msg_iovlen = load->bytes ? 2 : 1,
                                .msg_control = control,
                                .msg_controllen = sizeof control};
        const ssize_t got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK ? DLN_WIRE_NOTHING : DLN_WIRE_CLOSED;
        }
        load->n_fds = 0;
        take_fds(&header, load);
        if (got >= (ssize_t)sizeof *message && !(header.msg_flags & MSG_TRUNC)) {
            load->len = (size_t)got - sizeof *message;
            return DLN_WIRE_GOT;
        }
        dln_wire_load_close(load);
        if (got == 0) return DLN_WIRE_CLOSED;
    }
}
