#include "export/exporters.h"

#include <string.h>

#define EXPORTERS(X) X(csv) X(json) X(jsonl) X(md) X(html) X(yaml)

#define EXPORTER_EXTERN(name) extern const struct exporter exporter_##name;
EXPORTERS(EXPORTER_EXTERN)
#undef EXPORTER_EXTERN

const struct exporter *const *exporters(void)
{
    static const struct exporter *const all[] = {
#define EXPORTER_ENTRY(name) &exporter_##name,
        EXPORTERS(EXPORTER_ENTRY)
#undef EXPORTER_ENTRY
            NULL,
    };
    return all;
}

const struct exporter *exporter_find(const char *name)
{
    for (const struct exporter *const *e = exporters(); *e; e++) {
        if (strcmp((*e)->name, name) == 0) return *e;
    }
    return NULL;
}

const struct exporter *exporter_for_file(const char *path)
{
    const size_t len = strlen(path);
    for (const struct exporter *const *e = exporters(); *e; e++) {
        const size_t n = strlen((*e)->ending);
        if (len > n && strcmp(path + len - n, (*e)->ending) == 0) return *e;
    }
    return NULL;
}
