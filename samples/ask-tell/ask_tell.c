/* A program that runs its trials itself: how far (x, y) is from (1, 2), by taxi or as the crow
 * flies. cc ask_tell.c $(pkg-config --cflags --libs dialin) -lm && ./a.out study.yaml
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <dialin/dialin.h>

static double distance(double x, double y, const char *way)
{
    return strcmp(way, "taxi") == 0 ? fabs(x - 1) + fabs(y - 2) : hypot(x - 1, y - 2);
}

int main(int argc, char **argv)
{
    struct dln_error err = {0};
    struct dln_study *study;
    dln_tuner *tuner;
    struct dln_asked trial;
    struct dln_best best;
    if (!dln_study_read_file(argc > 1 ? argv[1] : "study.yaml", &study, &err)) goto failed;
    if (!dln_tuner_new(study, &tuner, &err)) goto failed; /* dln_tuner_open(): in a database */
    while (dln_tuner_ask(tuner, &trial, &err)) {
        const double d =
            distance(dln_tuner_real(tuner, trial.x, "x"), dln_tuner_real(tuner, trial.x, "y"),
                     dln_tuner_text(tuner, trial.x, "way"));
        if (!dln_tuner_tell_value(tuner, trial.number, d, &err)) break;
    }
    if (err.code == DLN_EXHAUSTED && dln_tuner_best(tuner, 0, &best)) {
        printf("best %.3g, trial #%lld of a budget of %s\n", best.values[0], (long long)best.number,
               err.text);
    }
    dln_tuner_close(tuner);
    if (err.code == DLN_EXHAUSTED) return 0;
failed:
    fprintf(stderr, "%s\n", err.text);
    return 1;
}
