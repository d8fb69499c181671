/* What batch systems say, as recorded from them, and the script that a job runs. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/batch_system.h"
#include "exec/ticket_files.h"
#include "support/scratch.h"
#include "support/test.h"

/* An answer as a child would have left it. */
static struct dln_child answer(int exit_status, const char *out, const char *err)
{
    struct dln_child child;
    dln_child_init(&child);
    child.status = exit_status << 8;
    dln_strbuf_add(&child.text[0], out);
    dln_strbuf_add(&child.text[1], err);
    return child;
}

static enum dln_submitted submitted(int status, const char *out, const char *err,
                                    struct dln_job_id *id)
{
    const struct dln_study study = {0};
    struct dln_child child = answer(status, out, err);
    const enum dln_submitted result = dln_batch_slurm.read_submit(&study, &child, id);
    dln_child_release(&child);
    return result;
}

/* ── sbatch ────────────────────────────────────────────────────────────────────────────────────*/

static void the_job_id_is_found_among_banners(void **state)
{
    (void)state;
    static const struct {
        const char *out, *id, *cluster;
    } cases[] = {
        {"1459\n", "1459", ""},
        {"1459;c1.site-a\n", "1459", "c1.site-a"},
        {"Welcome to node 3\n*** 7 jobs ***\n1459\n", "1459", ""},
        {"12\r\n", "12", ""},
        {"1459\nHave a nice day\n", "1459", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_job_id id = {0};
        assert_int_equal(submitted(0, cases[i].out, "", &id), DLN_SUBMIT_DONE);
        assert_string_equal(id.id, cases[i].id);
        assert_string_equal(id.cluster, cases[i].cluster);
    }
}

static void without_an_id_nobody_knows_whether_there_is_a_job(void **state)
{
    (void)state;
    struct dln_job_id id = {0};
    assert_int_equal(submitted(0, "", "", &id), DLN_SUBMIT_UNSURE);
    assert_int_equal(submitted(0, "Submitted batch job 7\n", "", &id), DLN_SUBMIT_UNSURE);
    assert_int_equal(submitted(0, "1459;\n12;a b\n", "", &id), DLN_SUBMIT_UNSURE);
    assert_int_equal(submitted(1, "",
                               "sbatch: error: Batch job submission failed: Socket timed out on "
                               "send/recv operation\n",
                               &id),
                     DLN_SUBMIT_UNSURE);
}

static void what_will_be_refused_again_is_told_from_what_will_pass(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *err;
        enum dln_submitted expected;
    } cases[] = {
        {1, "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
         DLN_SUBMIT_REFUSED},
        {1,
         "sbatch: error: Batch job submission failed: Requested node configuration is not "
         "available\n",
         DLN_SUBMIT_REFUSED},
        {255, "sbatch: unrecognized option '--nosuch'\n", DLN_SUBMIT_REFUSED},
        {1,
         "sbatch: error: Batch job submission failed: Unable to contact slurm controller "
         "(connect failure)\n",
         DLN_SUBMIT_LATER},
        {1, "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\n",
         DLN_SUBMIT_LATER},
        {1,
         "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job "
         "submit limit, user's size and/or time limits)\n",
         DLN_SUBMIT_LATER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dln_job_id id = {0};
        assert_int_equal(submitted(cases[i].status, "", cases[i].err, &id), cases[i].expected);
    }
}

/* ── squeue ────────────────────────────────────────────────────────────────────────────────────*/

struct seen_list {
    char text[2048];
};

static void note_seen(void *context, const struct dln_job_seen *seen)
{
    struct seen_list *list = context;
    const size_t len = strlen(list->text);
    (void)snprintf(list->text + len, sizeof list->text - len, "%s %d [%s] %s;", seen->id,
                   (int)seen->state, seen->reason, seen->name ? seen->name : "-");
}

static bool polled(const struct dln_batch_system *system, const struct dln_study *study, int status,
                   const char *out, const char *err, struct seen_list *list)
{
    struct dln_child child = answer(status, out, err);
    list->text[0] = '\0';
    const bool ok = system->read_poll(study, &child, note_seen, list);
    dln_child_release(&child);
    return ok;
}

static void lines_of_squeue_are_read_and_odd_ones_passed_over(void **state)
{
    (void)state;
    const struct dln_study study = {0};
    struct seen_list list;
    assert_true(polled(&dln_batch_slurm, &study, 0,
                       "CLUSTER: c1\n"
                       "1459|COMPLETED|0:00|1:00:00|None|node1|dialin-ab12cd34-7-0\n"
                       "1468|PENDING|0:00|1:00:00|PartitionDown||dialin-ab12cd34-8-0\n"
                       "7|RUNNING|0:01|1:00|None|n[1-2]|a|b 'c\n"
                       "second line of a foreign name|x\n"
                       "8|FLYING|0:01|1:00|None|n1|dialin-ab12cd34-9-0\n"
                       "9|RUNNING|0:01|1:00|None|n1|cut of",
                       "", &list));
    char expected[512];
    (void)snprintf(expected, sizeof expected,
                   "1459 %d [] dialin-ab12cd34-7-0;1468 %d [PartitionDown] dialin-ab12cd34-8-0;"
                   "7 %d [] a|b 'c;8 %d [] dialin-ab12cd34-9-0;",
                   DLN_STATE_COMPLETED, DLN_STATE_QUEUED, DLN_STATE_RUNNING, DLN_STATE_UNKNOWN);
    assert_string_equal(list.text, expected);
    assert_true(polled(&dln_batch_slurm, &study, 0, "", "", &list));
    assert_string_equal(list.text, "");
    assert_true(polled(&dln_batch_slurm, &study, 1, "",
                       "slurm_load_jobs error: Invalid job id specified\n", &list));
    assert_false(polled(&dln_batch_slurm, &study, 1, "",
                        "slurm_load_jobs error: Unable to contact slurm controller\n", &list));
}

static void exit_codes_are_code_and_signal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code, signal;
    } cases[] = {{"3:0", 3, 0}, {"0:9", 0, 9}, {"0:53 Next=1", 0, 53}, {"139:0", 139, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int code = -1;
        int signal = -1;
        assert_true(dln_slurm_exit_code(cases[i].text, &code, &signal));
        assert_int_equal(code, cases[i].code);
        assert_int_equal(signal, cases[i].signal);
    }
    int code;
    int signal;
    assert_false(dln_slurm_exit_code("", &code, &signal));
    assert_false(dln_slurm_exit_code("3", &code, &signal));
    assert_false(dln_slurm_exit_code("300:0", &code, &signal));
}

static void reasons_that_never_pass_are_known(void **state)
{
    (void)state;
    assert_true(dln_slurm_is_stuck("PartitionTimeLimit"));
    assert_true(dln_slurm_is_stuck("AssocGrpCpuLimit"));
    assert_true(dln_slurm_is_stuck("QOSMaxJobsPerUserLimit"));
    assert_true(dln_slurm_is_stuck("ReqNodeNotAvail, UnavailableNodes:n1"));
    assert_false(dln_slurm_is_stuck("Priority"));
    assert_false(dln_slurm_is_stuck("Resources"));
    assert_false(dln_slurm_is_stuck(""));
}

/* ── other queues ──────────────────────────────────────────────────────────────────────────────*/

static void ids_and_states_of_other_queues_are_found(void **state)
{
    (void)state;
    struct dln_study study = {0};
    struct dln_cluster *cluster = &study.machine.cluster;
    struct dln_job_id id = {0};
    struct seen_list list;
    cluster->id_column = 1;
    cluster->state_column = 2;
    struct dln_child child = answer(0, "123.server\n", "");
    assert_int_equal(dln_batch_queue.read_submit(&study, &child, &id), DLN_SUBMIT_DONE);
    assert_string_equal(id.id, "123.server");
    dln_child_release(&child);
    child = answer(0, "Job <77> is submitted to queue <q>.\n", "");
    cluster->id_regex = "Job <([0-9]+)>";
    assert_int_equal(dln_batch_queue.read_submit(&study, &child, &id), DLN_SUBMIT_DONE);
    assert_string_equal(id.id, "77");
    dln_child_release(&child);
    child = answer(1, "", "qsub: no\n");
    assert_int_equal(dln_batch_queue.read_submit(&study, &child, &id), DLN_SUBMIT_REFUSED);
    dln_child_release(&child);

    assert_true(polled(&dln_batch_queue, &study, 0, "77 PEND\n78 RUN\n79 EXIT\nodd\n", "", &list));
    char expected[128];
    (void)snprintf(expected, sizeof expected, "77 %d [] -;78 %d [] -;79 %d [] -;", DLN_STATE_QUEUED,
                   DLN_STATE_RUNNING, DLN_STATE_ENDED);
    assert_string_equal(list.text, expected);
    const struct dln_state_word words[] = {{"RUN", DLN_MEANS_ENDED}};
    cluster->states = words;
    cluster->n_states = 1;
    assert_true(polled(&dln_batch_queue, &study, 0, "78 RUN\n", "", &list));
    (void)snprintf(expected, sizeof expected, "78 %d [] -;", DLN_STATE_ENDED);
    assert_string_equal(list.text, expected);
    assert_false(polled(&dln_batch_queue, &study, 2, "", "no server\n", &list));
}

/* ── the script ────────────────────────────────────────────────────────────────────────────────*/

static void a_job_runs_its_words_as_they_are_and_leaves_its_end(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    char dir[SCRATCH_PATH_MAX + 16];
    char every[256];
    char command[3 * SCRATCH_PATH_MAX];
    scratch_make(folder);
    for (int c = 1; c < 256; c++)
        every[c - 1] = (char)c;
    every[255] = '\0';
    (void)snprintf(dir, sizeof dir, "%s/o'ne $x", folder);
    assert_int_equal(mkdir(dir, 0700), 0);
    char sh[] = "sh";
    char option[] = "-c";
    char program[] = "printf %s \"$1\"; printf %s \"$EVERY\" >&2; exit 7";
    char variable[300];
    (void)snprintf(variable, sizeof variable, "EVERY=%s", every);
    char *const argv[] = {sh, option, program, sh, every, NULL};
    char places[] = "PATH=/usr/bin:/bin";
    char *const envp[] = {variable, places, NULL};
    const struct dln_study study = {0};
    const struct dln_run_request request = {.argv = argv, .envp = envp, .directory = folder};
    struct dln_strbuf script = {0};
    struct dln_error err = {0};
    dln_ticket_script(&study, &request, dir, &script);
    assert_ok(dln_ticket_make_dir(dir, &script, &err), err);
    dln_strbuf_release(&script);
    (void)snprintf(command, sizeof command, "sh \"%s/o'ne \\$x/job.sh\"", folder);
    assert_int_equal(system(command), 7 << 8);

    struct dln_ticket_end end;
    struct dln_job_id id;
    assert_true(dln_ticket_read_start(dir, &id));
    assert_true(dln_ticket_read_end(dir, &end));
    assert_int_equal(end.status, 7);
    assert_int_equal(end.bytes[0], 255);
    assert_int_equal(end.bytes[1], 255);
    assert_int_equal(end.bytes[2], 0);
    static const char *const files[] = {"out", "err"};
    for (size_t i = 0; i < 2; i++) {
        char path[SCRATCH_PATH_MAX + 32];
        char got[300];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        FILE *stream = fopen(path, "rb");
        assert_non_null(stream);
        assert_int_equal(fread(got, 1, sizeof got, stream), 255);
        (void)fclose(stream);
        assert_memory_equal(got, every, 255);
    }
    scratch_remove(folder);
}

static void an_end_that_is_not_whole_is_no_end(void **state)
{
    (void)state;
    struct dln_ticket_end end = {.status = -1};
    assert_true(dln_ticket_parse_end("v1 1796077633 143 95 0 12", &end));
    assert_int_equal(end.status, 143);
    assert_int_equal(end.bytes[2], 12);
    assert_true(dln_ticket_parse_end("v1 1796077633 0", &end));
    assert_int_equal(end.bytes[0], 0);
    static const char *const bad[] = {"",          "v1",       "v1 17",  "v2 17 0",
                                      "v1 17 256", "v1 17 -1", "v1 17 x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(dln_ticket_parse_end(bad[i], &end));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_job_id_is_found_among_banners),
        cmocka_unit_test(without_an_id_nobody_knows_whether_there_is_a_job),
        cmocka_unit_test(what_will_be_refused_again_is_told_from_what_will_pass),
        cmocka_unit_test(lines_of_squeue_are_read_and_odd_ones_passed_over),
        cmocka_unit_test(exit_codes_are_code_and_signal),
        cmocka_unit_test(reasons_that_never_pass_are_known),
        cmocka_unit_test(ids_and_states_of_other_queues_are_found),
        cmocka_unit_test(a_job_runs_its_words_as_they_are_and_leaves_its_end),
        cmocka_unit_test(an_end_that_is_not_whole_is_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
