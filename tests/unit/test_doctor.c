/* What `dialin doctor` says of surroundings, arranged one at a time. */
#include "support/test.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "support/scratch.h"

static struct surroundings sound(void)
{
    return (struct surroundings){.sqlite_version = "3.51.3",
                                 .folder = "/home/mia",
                                 .free_bytes = INT64_C(500000000000),
                                 .free_files = 5000000,
                                 .open_files = 4096,
                                 .processes = SURROUNDINGS_NONE,
                                 .file_bytes = SURROUNDINGS_NONE,
                                 .memory_bytes = SURROUNDINGS_NONE,
                                 .cpu_s = SURROUNDINGS_NONE,
                                 .in_session = true,
                                 .codeset = "UTF-8",
                                 .term = "xterm",
                                 .term_is_known = true,
                                 .now_s = INT64_C(1790000000),
                                 .is_synchronised = true,
                                 .sees_children = true};
}

/* Exactly one check is not well: this one, in this state, with these words and a remedy. */
static void assert_only(const struct surroundings *here, const char *name, enum doctor_state state,
                        const char *words)
{
    struct dln_arena arena = {0};
    struct doctor_check checks[DOCTOR_CHECKS_MAX];
    size_t n_found = 0;
    const size_t n = doctor_judge(here, &arena, checks);
    assert_true(n > 0 && n <= DOCTOR_CHECKS_MAX);
    for (size_t i = 0; i < n; i++) {
        assert_true(checks[i].text[0] != '\0');
        assert_true((checks[i].state == DOCTOR_OK) == (checks[i].remedy == NULL));
        if (checks[i].state == DOCTOR_OK) continue;
        n_found++;
        assert_string_equal(checks[i].name, name);
        assert_int_equal(checks[i].state, state);
        if (!strstr(checks[i].text, words)) fail_msg("'%s' is not in: %s", words, checks[i].text);
    }
    assert_int_equal(n_found, name ? 1 : 0);
    dln_arena_release(&arena);
}

static void sound_surroundings_hurt_nobody(void **state)
{
    (void)state;
    const struct surroundings here = sound();
    assert_only(&here, NULL, DOCTOR_OK, "");
}

static void each_trouble_is_named_alone_with_its_remedy(void **state)
{
    (void)state;
    struct surroundings here;
#define WITH(change, name, degree, words) \
    here = sound();                       \
    change;                               \
    assert_only(&here, name, degree, words)
    WITH(here.folder_errno = EACCES, "folder", DOCTOR_HURTS, "cannot be written");
    WITH(here.is_network = true, "file system", DOCTOR_HURTS, "several machines");
    WITH(here.free_bytes = 900000000, "disk", DOCTOR_NOTE, "free");
    WITH(here.free_bytes = 20000000, "disk", DOCTOR_HURTS, "free");
    WITH(here.free_files = 12, "disk", DOCTOR_HURTS, "12 files");
    WITH(snprintf(here.lock_trouble, sizeof here.lock_trouble, "not yours"), "locks", DOCTOR_HURTS,
         "not yours");
    WITH(here.kills_at_logout = true, "log-out", DOCTOR_HURTS, "KillUserProcesses");
    WITH((here.kills_at_logout = true, here.in_session = false), "log-out", DOCTOR_NOTE, "in none");
    WITH((here.kills_at_logout = true, here.is_root = true), NULL, DOCTOR_OK, "");
    WITH(here.open_files = 64, "limits", DOCTOR_HURTS, "64 open files");
    WITH(here.processes = 30, "limits", DOCTOR_HURTS, "30 processes");
    WITH(here.cpu_s = 60, "limits", DOCTOR_HURTS, "60 s of CPU");
    WITH(here.file_bytes = 1000000, "limits", DOCTOR_HURTS, "no file may grow");
    WITH(here.memory_bytes = 1000000000, "limits", DOCTOR_NOTE, "may address");
    WITH(here.sees_children = false, "processes", DOCTOR_HURTS, "/proc");
    WITH(here.sqlite_notice = "mended in 3.51.3", "SQLite", DOCTOR_NOTE, "mended");
    WITH(here.now_s = 86400, "clock", DOCTOR_HURTS, "never been set");
    WITH(here.is_synchronised = false, "clock", DOCTOR_NOTE, "durations");
    WITH(snprintf(here.codeset, sizeof here.codeset, "ANSI_X3.4-1968"), "locale", DOCTOR_NOTE,
         "not UTF-8");
    WITH(here.term[0] = '\0', "terminal", DOCTOR_NOTE, "not set");
    WITH(here.term_is_known = false, "terminal", DOCTOR_HURTS, "unknown here");
#undef WITH
}

/* ── logind's files ────────────────────────────────────────────────────────────────────────────*/

static void put(const char *root, const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(root, name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void the_last_word_of_logind_counts(void **state)
{
    (void)state;
    char root[SCRATCH_PATH_MAX];
    static const char *const folders[] = {"etc", "etc/systemd", "etc/systemd/logind.conf.d"};
    scratch_make(root);
    assert_false(surroundings_logind_kills(root));
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(mkdir(scratch_path(root, folders[i]), 0700), 0);
    put(root, "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=no\n");
    assert_false(surroundings_logind_kills(root));
    put(root, "etc/systemd/logind.conf", "[Login]\n#KillUserProcesses=yes\n"); /* as built */
    assert_true(surroundings_logind_kills(root));
    put(root, "etc/systemd/logind.conf", "[Login]\nKillUserProcesses=no\n");
    assert_false(surroundings_logind_kills(root));
    put(root, "etc/systemd/logind.conf.d/50-kill.conf", "[Login]\nKillUserProcesses=yes\n");
    assert_true(surroundings_logind_kills(root));
    put(root, "etc/systemd/logind.conf.d/60-not.conf", "[Login]\nKillUserProcesses=no\n");
    put(root, "etc/systemd/logind.conf.d/90-not-read", "KillUserProcesses=yes\n");
    assert_false(surroundings_logind_kills(root));
    scratch_remove(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_surroundings_hurt_nobody),
        cmocka_unit_test(each_trouble_is_named_alone_with_its_remedy),
        cmocka_unit_test(the_last_word_of_logind_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
