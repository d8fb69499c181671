/* Which GPUs there are, and which of them each slot has. */
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/exec.h"
#include "support/scratch.h"
#include "support/test.h"

static struct dln_study study_of(int gpus, double each, int share)
{
    return (struct dln_study){
        .name = "s",
        .machine = {
            .gpus = gpus, .gpus_auto = gpus < 0, .gpus_per_trial = each, .trials_per_gpu = share}};
}

/* What the first slots have, between bars, and how many slots there are. */
static void expect(const char *visible, const struct dln_study *study, int slots,
                   const char *expected)
{
    struct dln_arena arena = {0};
    struct dln_error err = {0};
    dln_gpus *gpus;
    char text[512] = "|";
    if (visible) assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", visible, 1), 0);
    if (!visible) assert_int_equal(unsetenv("CUDA_VISIBLE_DEVICES"), 0);
    assert_ok(dln_gpus_new(study, &gpus, &err), err);
    assert_int_equal(dln_gpus_slots(gpus), slots);
    for (int i = 0; i < slots; i++) {
        const size_t used = strlen(text);
        const char *list = dln_gpus_of_slot(gpus, i, &arena);
        assert_non_null(list);
        assert_true(snprintf(text + used, sizeof text - used, "%s|", list) > 0);
    }
    assert_string_equal(text, expected);
    dln_gpus_free(gpus);
    dln_arena_release(&arena);
}

static void refused(const char *visible, const struct dln_study *study, const char *sentence)
{
    struct dln_error err = {0};
    dln_gpus *gpus;
    assert_int_equal(setenv("CUDA_VISIBLE_DEVICES", visible, 1), 0);
    assert_fails(dln_gpus_new(study, &gpus, &err), err, DLN_NOT_FOUND);
    assert_string_equal(err.text, sentence);
    assert_null(gpus);
}

static void a_study_that_says_nothing_of_gpus_has_none(void **state)
{
    (void)state;
    struct dln_error err = {0};
    dln_gpus *gpus;
    struct dln_study study = study_of(0, 2, 0);
    assert_ok(dln_gpus_new(&study, &gpus, &err), err);
    assert_null(gpus);
    study.machine = (struct dln_machine){.gpus = -1};
    assert_ok(dln_gpus_new(&study, &gpus, &err), err);
    assert_null(gpus);
}

static void the_gpus_that_we_were_given_are_all_there_are(void **state)
{
    (void)state;
    struct dln_study study = study_of(-1, 0, 0);
    expect("4,5,6", &study, 3, "|4|5|6|");
    expect(" MIG-a/1 , MIG-b/2", &study, 2, "|MIG-a/1|MIG-b/2|");
    expect("2,-1,3", &study, 1, "|2|");
    study = study_of(2, 0, 0);
    expect("7,3,1", &study, 2, "|7|3|");
    expect(NULL, &study, 2, "|0|1|");
}

static void a_trial_has_several_or_several_share_one(void **state)
{
    (void)state;
    struct dln_study study = study_of(-1, 2, 0);
    expect("0,1,2,3,4", &study, 2, "|0,1|2,3|");
    study = study_of(-1, 0, 2);
    expect("0,1,2", &study, 6, "|0|1|2|0|1|2|");
    study = study_of(-1, 1.0 / 3, 0);
    expect("a,b", &study, 6, "|a|b|a|b|a|b|");
    study = study_of(-1, 0.33, 0);
    expect("a", &study, 3, "|a|a|a|");
}

static void too_few_are_a_sentence(void **state)
{
    (void)state;
    struct dln_study study = study_of(-1, 0, 0);
    refused("", &study, "the trials need a GPU, but CUDA_VISIBLE_DEVICES names none");
    study = study_of(4, 0, 0);
    refused("0,1", &study, "'gpus' is 4, but CUDA_VISIBLE_DEVICES has only 2: 0,1");
    study = study_of(-1, 4, 0);
    refused("0,1", &study, "a trial needs 4 GPUs, but there are only 2");
}

static void the_machine_is_asked_where_nobody_says(void **state)
{
    (void)state;
    char folder[SCRATCH_PATH_MAX];
    scratch_make(folder);
    const char *program = scratch_path(folder, "nvidia-smi");
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    assert_true(fputs("#!/bin/sh\n[ \"$1\" = -L ] || exit 1\n"
                      "echo 'GPU 0: NVIDIA A100 (UUID: GPU-aa)'\n"
                      "echo 'GPU 1: NVIDIA A100 (UUID: GPU-bb)'\n"
                      "echo '  MIG 3g.20gb     Device  0: (UUID: MIG-cc)'\n"
                      "echo '  MIG 3g.20gb     Device  1: (UUID: MIG-dd)'\n"
                      "echo 'GPU 2: NVIDIA A100 (UUID: GPU-ee)'\n"
                      "echo nonsense >&2\n",
                      file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0700), 0);
    char *before = strdup(getenv("PATH"));
    assert_non_null(before);
    assert_int_equal(setenv("PATH", folder, 1), 0);
    struct dln_study study = study_of(-1, 0, 0);
    expect(NULL, &study, 4, "|0|MIG-cc|MIG-dd|2|");

    assert_int_equal(unlink(program), 0);
    struct dln_error err = {0};
    dln_gpus *gpus;
    assert_fails(dln_gpus_new(&study, &gpus, &err), err, DLN_NOT_FOUND);
    assert_string_equal(err.text, "the trials need a GPU, but 'nvidia-smi -L' lists none; set "
                                  "CUDA_VISIBLE_DEVICES to name those to use");
    assert_int_equal(setenv("PATH", before, 1), 0);
    free(before);
    scratch_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_that_says_nothing_of_gpus_has_none),
        cmocka_unit_test(the_gpus_that_we_were_given_are_all_there_are),
        cmocka_unit_test(a_trial_has_several_or_several_share_one),
        cmocka_unit_test(too_few_are_a_sentence),
        cmocka_unit_test(the_machine_is_asked_where_nobody_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
