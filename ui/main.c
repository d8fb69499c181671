#include <stdio.h>
#include <string.h>

#include "dialin/exec.h"
#include "dialin/num.h"
#include "dialin/version.h"

int main(int argc, char **argv)
{
    int64_t fd;
    if (argc == 3 && strcmp(argv[1], "--guardian") == 0 &&
        dln_num_parse_int(argv[2], strlen(argv[2]), &fd)) {
        return dln_guardian_main((int)fd);
    }
    puts("dialin " DLN_VERSION);
    return 0;
}
