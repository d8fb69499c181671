#include "support/talk.h"

#include <signal.h>
#include <unistd.h>

#include "support/program.h"

struct talk talk_start(const char *words)
{
    int there[2];
    int back[2];
    char copy[512];
    char *argv[16] = {(char[]){"dialin"}, (char[]){"serve"}};
    int argc = 2;
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *at = copy; *at;) {
        assert_true(argc < 15);
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at) *at++ = '\0';
    }
    assert_int_equal(pipe(there), 0);
    assert_int_equal(pipe(back), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (dup2(there[0], 0) < 0 || dup2(back[1], 1) < 0) _exit(99);
        for (int fd = 3; fd < 64; fd++) /* the ends of other conversations too */
            (void)close(fd);
        execv(TEST_DIALIN, argv);
        _exit(98);
    }
    (void)close(there[0]);
    (void)close(back[1]);
    const struct talk talk = {pid, fdopen(there[1], "w"), fdopen(back[0], "r")};
    assert_true(talk.to && talk.from);
    return talk;
}

void talk_send(struct talk *talk, const char *bytes, size_t len)
{
    assert_int_equal(fwrite(bytes, 1, len, talk->to), len);
    assert_int_equal(fflush(talk->to), 0);
}

json_t *talk_next(struct talk *talk)
{
    char *line = NULL;
    size_t cap = 0;
    json_t *answer = NULL;
    struct dln_error err = {0};
    const ssize_t len = getline(&line, &cap, talk->from);
    assert_true(len > 0 && line[len - 1] == '\n');
    assert_ok(dln_json_read(line, (size_t)len, &answer, &err), err);
    assert_true(json_is_object(answer));
    free(line);
    return answer;
}

static DLN_PRINTF(2, 0) json_t *say(struct talk *talk, const char *format, va_list args)
{
    char line[4096];
    const int len = vsnprintf(line, sizeof line - 1, format, args);
    assert_true(len >= 0 && (size_t)len < sizeof line - 1);
    line[len] = '\n';
    talk_send(talk, line, (size_t)len + 1);
    return talk_next(talk);
}

json_t *talk_say(struct talk *talk, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *const answer = say(talk, format, args);
    va_end(args);
    return answer;
}

static const char *code_of(const json_t *answer)
{
    return json_string_value(json_object_get(json_object_get(answer, "error"), "code"));
}

void talk_refused(struct talk *talk, const char *code, const char *line)
{
    json_t *const answer = talk_say(talk, "%s", line);
    const char *const given = code_of(answer);
    if (!given || strcmp(given, code) != 0) {
        print_error("'%s' gave %s, not %s\n", line, given ? given : "no error", code);
        fail();
    }
    json_decref(answer);
}

void talk_accepted(struct talk *talk, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_t *const answer = say(talk, format, args);
    va_end(args);
    const json_t *const error = json_object_get(answer, "error");
    if (error) {
        print_error("%s: %s\n", format, json_string_value(json_object_get(error, "message")));
        fail();
    }
    json_decref(answer);
}

int64_t talk_ask(struct talk *talk, json_t **params)
{
    json_t *const answer = talk_say(talk, "{\"op\": \"ask\"}");
    const bool is_done = json_is_true(json_object_get(answer, "done"));
    const int64_t number = is_done ? -1 : int_at(answer, "trial");
    if (params) *params = json_incref(json_object_get(answer, "params"));
    json_decref(answer);
    return number;
}

int talk_end(struct talk *talk)
{
    (void)fclose(talk->to);
    assert_int_equal(fgetc(talk->from), EOF);
    (void)fclose(talk->from);
    return wait_for(talk->pid);
}

void talk_kill(struct talk *talk)
{
    (void)kill(talk->pid, SIGKILL);
    (void)wait_for(talk->pid);
    (void)fclose(talk->to);
    (void)fclose(talk->from);
}
