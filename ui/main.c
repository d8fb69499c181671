/* The program: the guardian's body, a trial of the demo, or the command line. */
#include <locale.h>
#include <string.h>

#include "cli/commands.h"
#include "demo_trial.h"
#include "dialin/exec.h"
#include "dialin/num.h"

/* `dialin --guardian FD`: how the engine starts the process that owns the trials. */
static int guardian(const char *fd_text)
{
    int64_t fd;
    if (!dln_num_parse_int(fd_text, strlen(fd_text), &fd) || fd < 0 || fd > INT32_MAX) {
        return STATUS_USAGE;
    }
    return dln_guardian_main((int)fd);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--guardian") == 0) return guardian(argv[2]);
    if (argc > 2 && strcmp(argv[1], "--demo-trial") == 0) return demo_trial(argc - 2, argv + 2);
    setlocale(LC_CTYPE, ""); /* letters only: numbers keep their dot */
    return (int)command_line(argc, argv);
}
