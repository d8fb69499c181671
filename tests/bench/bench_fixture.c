/* Makes a study for the other benches: bench_fixture FILE TRIALS PARAMETERS REPORTS. */
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"
#include "support/fixture.h"
#include "support/measure.h"

int main(int argc, char **argv)
{
    int64_t numbers[3] = {0};
    struct dln_error err = {0};
    bool ok = argc == 5;
    for (int i = 0; ok && i < 3; i++)
        ok = dln_num_parse_int(argv[2 + i], strlen(argv[2 + i]), &numbers[i]) && numbers[i] >= 0;
    if (!ok) {
        (void)fprintf(stderr, "bench_fixture FILE TRIALS PARAMETERS REPORTS\n");
        return 2;
    }
    if (!fixture_study(argv[1], "bench", (size_t)numbers[0], (size_t)numbers[1], (size_t)numbers[2],
                       1, &err)) {
        measure_fail("make a study", &err);
    }
    return 0;
}
