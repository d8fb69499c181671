#include "exec/trial_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "support/test.h"

static char root[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/dialin-log-XXXXXX");
    assert_non_null(mkdtemp(root));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/out", root);
    (void)unlink(path);
    assert_int_equal(rmdir(root), 0); /* nothing else is left */
    return 0;
}

static size_t read_log(char *out, size_t cap)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/out", root);
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    const ssize_t len = read(fd, out, cap);
    assert_true(len >= 0 && (size_t)len < cap);
    (void)close(fd);
    out[len] = '\0';
    return (size_t)len;
}

/* What must be there: everything, or the first quarter, a note, and the last three quarters. */
static size_t expected_log(const char *text, size_t len, size_t limit, char *out, size_t cap)
{
    if (len <= limit) {
        memcpy(out, text, len);
        return len;
    }
    const size_t head = limit / 4;
    const size_t tail = limit - head;
    memcpy(out, text, head);
    const int note = snprintf(out + head, cap - head, "%s\u2026 %zu bytes left out \u2026\n",
                              out[head - 1] == '\n' ? "" : "\n", len - limit);
    memcpy(out + head + note, text + len - tail, tail);
    return head + (size_t)note + tail;
}

static void head_and_tail_are_kept_whatever_the_lengths(void **state)
{
    (void)state;
    struct dln_rng rng;
    dln_rng_init(&rng, 4);
    static char text[4000];
    static char expected[4200];
    static char actual[4200];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 9 == 8 ? '\n' : (char)('a' + i % 26);
    for (int round = 0; round < 600; round++) {
        const size_t limit = 4 + dln_rng_below(&rng, 300);
        const size_t len = 1 + dln_rng_below(&rng, round % 3 ? 700 : sizeof text - 1);
        struct dln_trial_log log;
        struct dln_error err;
        assert_ok(dln_trial_log_init(&log, root, "out", (int64_t)limit, &err), err);
        for (size_t at = 0; at < len;) {
            size_t part = 1 + dln_rng_below(&rng, 400);
            if (part > len - at) part = len - at;
            dln_trial_log_write(&log, text + at, part);
            at += part;
        }
        struct stat info;
        assert_int_equal(fstat(log.fd, &info), 0);
        assert_true(info.st_size <= (off_t)limit); /* while it runs, too */
        dln_trial_log_close(&log);
        assert_int_equal(log.error, 0);
        assert_int_equal(log.total, len);
        const size_t expected_len = expected_log(text, len, limit, expected, sizeof expected);
        assert_int_equal(read_log(actual, sizeof actual), expected_len);
        assert_memory_equal(actual, expected, expected_len);
    }
}

static void a_log_without_a_byte_is_no_file(void **state)
{
    (void)state;
    struct dln_trial_log log;
    struct dln_error err;
    assert_ok(dln_trial_log_init(&log, root, "out", 100, &err), err);
    dln_trial_log_write(&log, "old", 3);
    dln_trial_log_close(&log);
    assert_ok(dln_trial_log_init(&log, root, "out", 100, &err), err);
    dln_trial_log_close(&log);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/out", root);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void a_link_is_not_followed_and_an_error_is_kept(void **state)
{
    (void)state;
    char path[128];
    (void)snprintf(path, sizeof path, "%s/out", root);
    struct dln_trial_log log;
    struct dln_error err;
    assert_ok(dln_trial_log_init(&log, root, "out", 100, &err), err);
    assert_int_equal(symlink("/dev/null", path), 0);
    dln_trial_log_write(&log, "text", 4);
    dln_trial_log_write(&log, "text", 4);
    assert_int_not_equal(log.error, 0);
    assert_int_equal(log.total, 8);
    dln_trial_log_close(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(head_and_tail_are_kept_whatever_the_lengths, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_log_without_a_byte_is_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed_and_an_error_is_kept, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
