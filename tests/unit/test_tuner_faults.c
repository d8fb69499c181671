/* Every allocation of a conversation may fail: it is said, nothing is left behind. */
#include <unistd.h>

#include "dialin/serve.h"
#include "support/fault.h"
#include "support/outside.h"
#include "support/scratch.h"
#include "support/test.h"

static const char yaml[] = "study: f\nobjective: {minimize: y}\nstrategy: random\nseed: 3\n"
                           "space: {x: {float: [0, 1]}, k: {choice: [a, b]}}\n"
                           "start: [{x: 0.5}]\npruner: median\n";

static const char *const lines[] = {
    "{\"op\": \"ask\"}",
    "{\"op\": \"enqueue\", \"params\": {\"k\": \"b\"}}",
    "{\"op\": \"ask\", \"count\": 2, \"id\": [1]}",
    "{\"op\": \"report\", \"trial\": 0, \"step\": 1, \"value\": 2}",
    "{\"op\": \"tell\", \"trial\": 0, \"values\": {\"y\": 1, \"z\": 2}, \"constraints\": [0]}",
    "{\"op\": \"tell\", \"trial\": 1, \"state\": \"failed\", \"reason\": \"no luck\"}",
    "{\"op\": \"best\"}",
};

/* True if every line got an answer that is no error. */
static bool converse(dln_tuner *tuner)
{
    bool ok = true;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct dln_strbuf answer = {0};
        dln_tuner_answer(tuner, lines[i], strlen(lines[i]), &answer);
        if (!dln_strbuf_ok(&answer) || strstr(dln_strbuf_text(&answer), "\"error\"")) ok = false;
        dln_strbuf_release(&answer);
    }
    dln_tuner_close(tuner);
    return ok;
}

static bool in_memory(void *context)
{
    (void)context;
    struct dln_study *study;
    dln_tuner *tuner;
    struct dln_error err = {0};
    if (!dln_study_read("f.yaml", yaml, strlen(yaml), &study, &err)) return false;
    return dln_tuner_new(study, &tuner, &err) && converse(tuner);
}

static void a_conversation_in_memory_bears_every_failure(void **state)
{
    (void)state;
    assert_true(fault_each(FAULT_ALLOC, in_memory, NULL) > 50);
}

static bool in_file(void *context)
{
    const char *folder = context;
    static int n;
    char name[32];
    struct dln_tuner_place place = {.study_file = scratch_path(folder, "f.yaml"), .beats = true};
    dln_tuner *tuner;
    struct dln_error err = {0};
    (void)snprintf(name, sizeof name, "%d.db", n++);
    place.db_path = scratch_path(folder, name);
    return dln_tuner_open(&place, &tuner, &err) && converse(tuner);
}

static void a_conversation_on_a_file_bears_every_failure(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_make(folder);
    outside_write(scratch_path(folder, "f.yaml"), yaml, strlen(yaml));
    assert_true(fault_each(FAULT_ALLOC, in_file, folder) > 50);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_conversation_in_memory_bears_every_failure),
        cmocka_unit_test(a_conversation_on_a_file_bears_every_failure),
    };
    fault_wrap_jansson();
    /* hundreds of databases: their syncs would take a minute on a disk */
    if (access("/dev/shm", W_OK) == 0) assert_int_equal(setenv("TMPDIR", "/dev/shm", 0), 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
