/* Requests of `dialin serve`, a line each: one line of JSON answers each of them. */
#include <string.h>

#include "dialin/json.h"
#include "dialin/serve.h"
#include "fuzz/fuzz.h"

static const char yaml[] =
    "study: b\nobjective: {minimize: y}\nstrategy: random\npruner: median\nseed: 1\n"
    "budget: {trials: 40}\nlimits: [mem <= 16]\n"
    "space:\n  a: {float: [1e-5, 1], log: true}\n  n: {int: [1, 9]}\n  k: {choice: [one, 2, null]}\n"
    "  f: {flag: true}\n  b: {float: [0, 1], when: k == one}\n"
    "start: [{k: one, f: true}]\n";

void fuzz_serve(const uint8_t *data, size_t size)
{
    struct dln_study *study;
    dln_tuner *tuner;
    struct dln_strbuf answer = {0};
    FUZZ_HOLDS(dln_study_read("t.yaml", yaml, sizeof yaml - 1, &study, NULL));
    FUZZ_HOLDS(dln_tuner_new(study, &tuner, NULL));
    for (int lines = 0; lines < 60 && size > 0; lines++) {
        const uint8_t *feed = memchr(data, '\n', size);
        const size_t len = feed ? (size_t)(feed - data) : size;
        char *line = malloc(len + !len);
        FUZZ_HOLDS(line);
        memcpy(line, data, len);
        dln_strbuf_reset(&answer);
        dln_tuner_answer(tuner, line, len, &answer);
        const char *text = dln_strbuf_text(&answer);
        json_t *json;
        FUZZ_HOLDS(strchr(text, '\n') == text + answer.len - 1);
        FUZZ_HOLDS(dln_json_read(text, answer.len - 1, &json, NULL));
        FUZZ_HOLDS(json_is_object(json));
        json_decref(json);
        free(line);
        data += len + (feed != NULL);
        size -= len + (feed != NULL);
    }
    dln_strbuf_release(&answer);
    dln_tuner_close(tuner);
}
