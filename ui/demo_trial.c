#include "demo_trial.h"

#include <math.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "dialin/num.h"

enum { EPOCHS = 24, STATUS_WORDS = 2, STATUS_BROKEN = 3 };

struct setting {
    double lr, weight_decay, dropout, momentum, batch, width;
    bool is_sgd, is_lion, is_cosine, augments;
};

/* ── its words ─────────────────────────────────────────────────────────────────────────────────*/

static bool read_number(const char *text, double *out)
{
    return dln_num_parse(text, strlen(text), out) && isfinite(*out);
}

static const char *after(const char *word, const char *name)
{
    const size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? word + len + 1 : NULL;
}

static bool read_word(const char *word, struct setting *out)
{
    const struct {
        const char *name;
        double *value;
    } numbers[] = {
        {"--lr", &out->lr},           {"--weight_decay", &out->weight_decay},
        {"--dropout", &out->dropout}, {"--momentum", &out->momentum},
        {"--batch", &out->batch},     {"--width", &out->width},
    };
    const char *value;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if ((value = after(word, numbers[i].name))) return read_number(value, numbers[i].value);
    }
    if ((value = after(word, "--optimizer"))) {
        out->is_sgd = strcmp(value, "sgd") == 0;
        out->is_lion = strcmp(value, "lion") == 0;
        return out->is_sgd || out->is_lion || strcmp(value, "adamw") == 0;
    }
    if ((value = after(word, "--schedule"))) {
        out->is_cosine = strcmp(value, "cosine") == 0;
        return out->is_cosine || strcmp(value, "constant") == 0;
    }
    out->augments = strcmp(word, "--augment") == 0;
    return out->augments;
}

/* ── how it goes ───────────────────────────────────────────────────────────────────────────────*/

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014). */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* About normal, mean 0, variance 1. */
static double noise(uint64_t *state)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += uniform(state);
    return sum - 6;
}

static double square(double x)
{
    return x * x;
}

/* Decades between the learning rate and the best one of this optimizer. */
static double distance(const struct setting *s)
{
    const double best = s->is_sgd ? -0.9 + log10(1 - s->momentum) : s->is_lion ? -3.8 : -2.9;
    return log10(s->lr) - best;
}

/* What the validation loss comes down to in the end. */
static double floor_of(const struct setting *s)
{
    const double dropout = s->augments ? 0.10 : 0.25;
    return 0.036 + 0.022 * square(distance(s)) + 0.15 * square(s->dropout - dropout) +
           0.003 * square(log10(s->weight_decay) + 3.5) + 0.0025 * square(log2(s->batch / 96)) +
           0.004 * square(log2(s->width / 640)) +
           (s->is_sgd    ? 0.004
            : s->is_lion ? 0.002
                         : 0) +
           (s->is_cosine ? 0 : 0.006) + (s->augments ? 0 : 0.005);
}

static double seconds_of_epoch(const struct setting *s)
{
    return 2.0 + s->width / 512 + 64 / s->batch;
}

/* The time that an epoch would compute. */
static void pass(double seconds)
{
    (void)poll(NULL, 0, (int)(seconds * 1000));
}

static int train(const struct setting *s, double speed, uint64_t state)
{
    const double end = floor_of(s), far = distance(s);
    const double rate = 0.30 / (1 + 0.5 * square(far));
    const int broken = uniform(&state) < 0.03 ? (int)(uniform(&state) * EPOCHS) : EPOCHS;
    const double luck = 0.0015 * noise(&state);
    if (s->batch * s->width > 200000) {
        pass(seconds_of_epoch(s) / speed);
        fprintf(stderr, "CUDA out of memory: tried to allocate %.0f MiB\n",
                s->batch * s->width / 1024);
        return 1;
    }
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        pass(seconds_of_epoch(s) / speed);
        if (epoch > broken) {
            fprintf(stderr, "data loader: shard-%04d.tar: truncated\n", epoch * 37);
            return STATUS_BROKEN;
        }
        if (far > 1.3 && epoch > 3) {
            printf("epoch %d train_loss nan val_loss nan\n", epoch);
            return 0;
        }
        const double still = exp(-rate * epoch);
        const double loss = end + luck + (0.95 - end) * still + 0.003 * noise(&state);
        printf("epoch %d train_loss %.5f val_loss %.5f\n", epoch,
               fabs(0.8 * end + (0.9 - end) * still), fabs(loss));
        fflush(stdout);
    }
    return 0;
}

int demo_trial(int argc, char **argv)
{
    struct setting setting = {.lr = 1e-3, .weight_decay = 1e-4, .batch = 64, .width = 256};
    double speed = 0, seed = 0;
    bool ok = argc >= 2 && read_number(argv[0], &speed) && speed > 0 && read_number(argv[1], &seed);
    for (int i = 2; ok && i < argc; i++) {
        ok = read_word(argv[i], &setting);
        if (!ok) fprintf(stderr, "unknown word: '%s'\n", argv[i]);
    }
    ok = ok && setting.lr > 0 && setting.weight_decay > 0 && setting.batch > 0 &&
         setting.width > 0 && setting.momentum < 1;
    return ok ? train(&setting, speed, (uint64_t)fabs(seed)) : STATUS_WORDS;
}
