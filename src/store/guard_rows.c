/* Attributes of a study that are written when it is over: what a confirmation found. */
#include "store/attributes.h"
#include "store/handle.h"

bool dln_store_set_study_attributes(dln_store *store, int64_t study_id, size_t n,
                                    const struct dln_attribute *attributes, bool for_people,
                                    struct dln_error *err)
{
    if (!dln_store_begin(store, study_id, DLN_GUARD_LEASE, true, err)) return false;
    for (size_t i = 0; i < n; i++) {
        if (!dln_attribute_set(store->db, for_people ? DLN_STUDY_USER : DLN_STUDY_SYSTEM, study_id,
                               attributes[i].key, attributes[i].json, err)) {
            dln_store_rollback(store);
            return false;
        }
    }
    return dln_store_commit(store, err);
}
