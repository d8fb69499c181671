/*
 * What engine and guardian say to each other, over a SOCK_SEQPACKET socket pair: a message arrives
 * whole or not at all. It has a head of fixed size. A START carries the write ends of the trial's
 * standard output and error, with has_input the read end of its standard input, and a payload of
 * NUL-terminated strings: working directory, n_argv words, n_env settings; behind the head where it
 * is short, else in an anonymous file, which is then the last descriptor. A HELLO may carry one
 * descriptor which the guardian keeps open for its life and never hands to a trial.
 */
#ifndef DLN_EXEC_WIRE_H
#define DLN_EXEC_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define DLN_WIRE_FDS_MAX     4
#define DLN_WIRE_BYTES_MAX   ((size_t)32 * 1024) /* behind the head */
#define DLN_WIRE_PAYLOAD_MAX ((int64_t)16 * 1024 * 1024)
#define DLN_WIRE_WORDS_MAX   (1024 * 1024) /* arguments and settings of one trial */

enum dln_wire_kind {
    /* engine → guardian */
    DLN_WIRE_HELLO = 1, /* grace_ms */
    DLN_WIRE_START,     /* run, n_argv, n_env, has_input, memory_bytes, n_cpus, slot */
    DLN_WIRE_SIGNAL,    /* run, code: to the trial's group; TERM wakes a stopped one */
    DLN_WIRE_RELEASE,   /* run: output is drained, end what is left of it */
    /* guardian → engine */
    DLN_WIRE_STARTED, /* run, pid, pid_start */
    DLN_WIRE_FAILED,  /* run, stage, code: an errno; nothing follows */
    DLN_WIRE_EXITED,  /* run, code: a wait status, usage; others of its group are still there */
    DLN_WIRE_GONE     /* the same; nothing of it is left; nothing follows */
};

enum dln_wire_stage { DLN_STAGE_SPAWN, DLN_STAGE_LIMIT, DLN_STAGE_CHDIR, DLN_STAGE_EXEC };

struct dln_wire {
    uint32_t kind;
    uint32_t stage;
    int32_t code;
    uint32_t n_argv, n_env;
    uint32_t grace_ms;
    uint32_t n_cpus, slot;
    uint32_t has_input, unused; /* unused: 0, so that no byte goes out unset */
    uint64_t run;               /* the engine's number of a run, never 0, never used again */
    int64_t pid, pid_start;
    int64_t memory_bytes;
    int64_t user_us, system_us, max_rss_bytes;
};

/* What may come with a head. To send: borrowed. Received: the caller owns the descriptors, born
   close-on-exec, and provides `bytes`, DLN_WIRE_BYTES_MAX of them, or NULL if none are welcome. */
struct dln_wire_load {
    char *bytes;
    size_t len;
    int fds[DLN_WIRE_FDS_MAX];
    size_t n_fds;
};
void dln_wire_load_close(struct dln_wire_load *load);

/* 0, or an errno value; EAGAIN when the other side is slow. Never blocks, never raises SIGPIPE. */
int dln_wire_send(int fd, const struct dln_wire *message, const struct dln_wire_load *load);

enum dln_wire_result { DLN_WIRE_GOT, DLN_WIRE_NOTHING, DLN_WIRE_CLOSED };
/*
 * Never blocks. Messages of a wrong size are dropped. CLOSED: end of file or an error that will not
 * go away.
 */
enum dln_wire_result dln_wire_receive(int fd, struct dln_wire *message, struct dln_wire_load *load);

#endif
