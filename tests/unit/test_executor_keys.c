/* `machine.executor`: what jobs of Slurm and of other queues ask for, as the study keeps it. */
#include <stdio.h>
#include <string.h>

#include "dialin/study.h"
#include "support/test.h"

#define BASE "objective: {maximize: acc}\nspace: {x: {float: [0, 1]}}\n"

static struct dln_study *read_text(const char *text)
{
    struct dln_study *study = NULL;
    struct dln_error err = {0};
    assert_ok(dln_study_read("/data/mine.yaml", text, strlen(text), &study, &err), err);
    return study;
}

static void what_a_job_asks_for_is_kept_as_it_is_written(void **state)
{
    (void)state;
    struct dln_study *study = read_text(
        "objective: {maximize: acc}\n"
        "machine: {executor: {slurm: {time: 2-12:30, mem: 4G, cpus: {param: n}, gpus: 2,\n"
        "  gpu_type: a100, gpu_flag: gres, extra: [--exclusive, --licenses=x], env: clean,\n"
        "  setup: [module load cuda], on_timeout: prune, max_queued: 3, poll_max: 2m,\n"
        "  launcher: srun -n1, requeue: true, nice: -5}}}\n"
        "space: {n: {int: [1, 8]}}\n");
    const struct dln_cluster *cluster = &study->machine.cluster;
    assert_string_equal(cluster->time, "2-12:30");
    assert_string_equal(cluster->cpus.param, "n");
    assert_int_equal(cluster->cpus.index, 0);
    assert_int_equal(cluster->gpus.count, 2);
    assert_int_equal(cluster->gpu_flag, 1);
    assert_int_equal(cluster->env, 1);
    assert_int_equal(cluster->on_timeout, DLN_TIMEOUT_PRUNE);
    assert_string_equal(cluster->extra[1], "--licenses=x");
    assert_string_equal(cluster->setup[0], "module load cuda");
    assert_string_equal(cluster->launcher.word[1], "-n1");
    assert_string_equal(cluster->nice, "-5");
    assert_true(cluster->requeue);
    assert_int_equal(cluster->max_queued, 3);
    assert_int_equal(cluster->poll_max_ms, 120000);
    assert_int_equal(cluster->retries, 2);
    dln_study_free(study);

    static const char *const times[] = {"90", "1:30", "1:30:00", "2-12", "2-0:30", "2-0:0:30"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[400];
        snprintf(text, sizeof text, "%smachine: {executor: {slurm: {time: %s}}}\n", BASE, times[i]);
        study = read_text(text);
        assert_string_equal(study->machine.cluster.time, times[i]);
        dln_study_free(study);
    }
}

static void a_queue_is_three_commands_and_what_its_words_mean(void **state)
{
    (void)state;
    struct dln_study *study = read_text(
        BASE "machine: {executor: {queue: {submit: 'bsub -J {name} sh {script}',\n"
             "  poll: [bjobs, -a, -noheader, -o, jobid stat], cancel: 'bkill {jobid}',\n"
             "  id: 'Job <([0-9]+)>', states: {UNKWN: held, ZOMBI: ended}, state_column: 3}}}\n");
    const struct dln_cluster *cluster = &study->machine.cluster;
    assert_string_equal(study->machine.executor, "queue");
    assert_int_equal(cluster->submit.n, 5);
    assert_string_equal(cluster->poll.word[4], "jobid stat");
    assert_string_equal(cluster->cancel.word[1], "{jobid}");
    assert_string_equal(cluster->id_regex, "Job <([0-9]+)>");
    assert_int_equal(cluster->id_column, 1);
    assert_int_equal(cluster->state_column, 3);
    assert_int_equal(cluster->n_states, 2);
    assert_string_equal(cluster->states[1].word, "ZOMBI");
    assert_int_equal(cluster->states[1].means, DLN_MEANS_ENDED);
    dln_study_free(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_job_asks_for_is_kept_as_it_is_written),
        cmocka_unit_test(a_queue_is_three_commands_and_what_its_words_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
