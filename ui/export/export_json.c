/* Everything that is known of a study as JSON; or one trial a line. ui/cli/README.md has the keys.
 */
#include "cli/study_page.h"
#include "cli/trial_page.h"
#include "dialin/version.h"
#include "export/exporters.h"

/* What belongs to the study itself. */
static bool add_study(struct dln_json_writer *w, const struct export_ask *ask,
                      struct dln_error *err)
{
    struct opened *const study = ask->study;
    struct dln_attribute *attributes = NULL;
    struct journal journal;
    size_t n = 0;
    const char *note = NULL;
    if (!dln_store_attributes(study->store, DLN_OF_STUDY, study->summary.id, &study->arena,
                              &attributes, &n, err) ||
        !dln_store_note_text(study->store, study->summary.id, 0, &study->arena, &note, err) ||
        !journal_load(study, INT32_MAX, &journal, err)) {
        return false;
    }
    dln_json_key(w, "study");
    summary_json(w, &study->summary, study->db_path);
    dln_json_key(w, "study_file");
    dln_json_string(w, study->def ? study->def->text : NULL);
    dln_json_key(w, "space");
    dln_json_array(w);
    for (size_t i = 0; i < study->space->n; i++)
        param_json(w, &study->space->params[i]);
    dln_json_end_array(w);
    dln_json_key(w, "note");
    dln_json_string(w, note[0] ? note : NULL);
    dln_json_key(w, "attributes");
    dln_json_object(w);
    for (size_t i = 0; i < n; i++) {
        dln_json_key(w, attributes[i].key);
        stored_json(w, attributes[i].json);
    }
    dln_json_end_object(w);
    dln_json_key(w, "journal");
    journal_json(w, &journal);
    return true;
}

static bool add_trial(struct dln_json_writer *w, const struct export_ask *ask, size_t i,
                      struct dln_error *err)
{
    dln_json_object(w);
    if (!trial_full_json(w, ask->study, &ask->list->trials[i], err)) return false;
    dln_json_end_object(w);
    return true;
}

static bool write_json(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    struct dln_json_writer w = {.out = out};
    dln_json_object(&w);
    dln_json_key(&w, "dialin");
    dln_json_string(&w, DLN_VERSION);
    if (!add_study(&w, ask, err)) return false;
    dln_json_key(&w, "trials");
    dln_json_array(&w);
    for (size_t i = 0; i < ask->list->n; i++) {
        if (!add_trial(&w, ask, i, err)) return false;
    }
    dln_json_end_array(&w);
    dln_json_end_object(&w);
    dln_strbuf_add_char(out, '\n');
    return true;
}

static bool write_lines(const struct export_ask *ask, struct dln_strbuf *out, struct dln_error *err)
{
    for (size_t i = 0; i < ask->list->n; i++) {
        struct dln_json_writer w = {.out = out};
        if (!add_trial(&w, ask, i, err)) return false;
        dln_strbuf_add_char(out, '\n');
    }
    return true;
}

const struct exporter exporter_json = {
    .name = "json",
    .ending = ".json",
    .help = "everything: definition, space, trials with reports and attributes, journal",
    .write = write_json,
};

const struct exporter exporter_jsonl = {
    .name = "jsonl",
    .ending = ".jsonl",
    .help = "a trial a line, as in json",
    .write = write_lines,
};
