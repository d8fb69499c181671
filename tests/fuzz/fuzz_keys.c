/*
 * What a terminal sends: a byte that says how it is cut and how late it comes, then the bytes. What
 * comes of it are code points and keys that have a label; nothing is kept beyond its place.
 */
#include "fuzz/fuzz.h"
#include "keymap.h"
#include "keys.h"

void fuzz_keys(const uint8_t *data, size_t size)
{
    static struct keys keys;
    struct key key;
    char label[16];
    int64_t now = 1;
    if (size < 1) return;
    const size_t cut = (data[0] & 15) + 1;
    const int64_t pause = (int64_t)(data[0] >> 4) * 20 * 1000000;
    keys = (struct keys){0};
    keys_define(&keys, "\033<up>", KEY_CODE_UP);
    for (size_t at = 1; at < size; at += cut) {
        const size_t len = size - at < cut ? size - at : cut;
        char *part = fuzz_text(data + at, len);
        keys_feed(&keys, part, len, now);
        free(part);
        FUZZ_HOLDS(keys.partial_len <= sizeof keys.partial);
        FUZZ_HOLDS(keys.count >= 0 && keys.count <= KEYS_QUEUE_MAX);
        while (keys_next(&keys, now, &key)) {
            FUZZ_HOLDS(key.code != KEY_CODE_NONE && key.code <= KEY_CODE_LIGHT);
            (void)key_label(key.code, label);
            for (unsigned scope = 1; scope <= SCOPE_TRIALS; scope <<= 1)
                FUZZ_HOLDS(keymap_action(key.code, scope) < ACTION_COUNT);
        }
        now += pause;
    }
    now += (int64_t)10 * 1000000000;
    while (keys_next(&keys, now, &key)) {}
    FUZZ_HOLDS(keys.count == 0);
    keys_reset(&keys);
    keys_feed(&keys, "j", 1, now);
    FUZZ_HOLDS(keys_next(&keys, now, &key) && key.code == 'j');
}
