#include "cli/journal.h"

#include "cli/trial_list.h"
#include "cli/trial_page.h"

bool journal_load(struct opened *study, size_t limit, struct journal *out, struct dln_error *err)
{
    struct dln_command *list = NULL;
    size_t n = 0;
    if (!dln_store_journal(study->store, study->summary.id, 0, limit, &study->arena, &list, &n,
                           err)) {
        return false;
    }
    for (size_t i = 0; i < n / 2; i++) { /* it came newest first */
        const struct dln_command swap = list[i];
        list[i] = list[n - 1 - i];
        list[n - 1 - i] = swap;
    }
    *out = (struct journal){.n = n, .entries = list};
    return true;
}

const char *journal_state(const struct dln_command *entry)
{
    switch (entry->state) {
    case DLN_COMMAND_POSTED: return "posted";
    case DLN_COMMAND_DONE: return "done";
    case DLN_COMMAND_REFUSED: return "refused";
    }
    return "posted";
}

const char *journal_what(const struct dln_command *entry)
{
    return entry->answer && entry->answer[0] ? entry->answer : entry->payload;
}

void journal_json(struct dln_json_writer *w, const struct journal *journal)
{
    dln_json_array(w);
    for (size_t i = 0; i < journal->n; i++) {
        const struct dln_command *const entry = &journal->entries[i];
        dln_json_object(w);
        dln_json_key(w, "id");
        dln_json_int(w, entry->id);
        dln_json_key(w, "time");
        time_json(w, entry->posted_us);
        dln_json_key(w, "who");
        dln_json_string(w, entry->who);
        dln_json_key(w, "command");
        dln_json_string(w, dln_command_name(entry->kind));
        dln_json_key(w, "payload");
        stored_json(w, entry->payload);
        dln_json_key(w, "state");
        dln_json_string(w, journal_state(entry));
        dln_json_key(w, "answer");
        dln_json_string(w, entry->answer && entry->answer[0] ? entry->answer : NULL);
        dln_json_end_object(w);
    }
    dln_json_end_array(w);
}
