#include "support/power_cut.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/rng.h"
#include "support/test.h"

enum { SECTOR = 512, FILES_MAX = 16, NAME_MAX_LEN = 256, PATH_MAX_LEN = 1024 };

/* ── the record ────────────────────────────────────────────────────────────────────────────────*/

enum event_kind { WRITTEN, CUT, DELETED, SYNCED };

struct event {
    enum event_kind kind;
    size_t file;
    size_t at, len; /* CUT: len is the new length */
    unsigned char *bytes;
};

struct image { /* of one file: what is on the disk for sure */
    bool exists;
    size_t len, cap;
    unsigned char *bytes;
};

static struct {
    char names[FILES_MAX][NAME_MAX_LEN]; /* without their folder */
    struct image first[FILES_MAX], disk[FILES_MAX];
    bool was_written[FILES_MAX];
    size_t n_files;
    struct event *events;
    size_t n_events, cap_events;
    size_t replayed; /* events that `disk` knows of */
    sqlite3_vfs *below;
    bool is_on;
} record;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void resize(struct image *image, size_t len)
{
    if (len > image->cap) {
        image->cap = len * 2;
        image->bytes = realloc(image->bytes, image->cap);
        assert_non_null(image->bytes);
    }
    if (len > image->len) memset(image->bytes + image->len, 0, len - image->len);
    image->len = len;
}

static void put(struct image *image, size_t at, const unsigned char *bytes, size_t len)
{
    image->exists = true;
    if (at + len > image->len) resize(image, at + len);
    memcpy(image->bytes + at, bytes, len);
}

static void copy_image(struct image *to, const struct image *from)
{
    resize(to, from->len);
    if (from->len > 0) memcpy(to->bytes, from->bytes, from->len);
    to->exists = from->exists;
}

static size_t file_of(const char *path)
{
    const char *name = base_name(path);
    for (size_t i = 0; i < record.n_files; i++) {
        if (strcmp(record.names[i], name) == 0) return i;
    }
    const size_t at = record.n_files++;
    assert_true(at < FILES_MAX && strlen(name) < NAME_MAX_LEN);
    (void)snprintf(record.names[at], NAME_MAX_LEN, "%s", name);
    FILE *stream = fopen(path, "rb");
    if (stream) {
        unsigned char block[4096];
        for (size_t n; (n = fread(block, 1, sizeof block, stream)) > 0;)
            put(&record.first[at], record.first[at].len, block, n);
        record.first[at].exists = true;
        (void)fclose(stream);
    }
    copy_image(&record.disk[at], &record.first[at]);
    return at;
}

static void note(enum event_kind kind, size_t file, size_t at, size_t len, const void *bytes)
{
    if (record.n_events == record.cap_events) {
        record.cap_events = record.cap_events ? record.cap_events * 2 : 1024;
        record.events = realloc(record.events, record.cap_events * sizeof *record.events);
        assert_non_null(record.events);
    }
    struct event *event = &record.events[record.n_events++];
    *event = (struct event){.kind = kind, .file = file, .at = at, .len = len};
    if (!bytes || len == 0) return;
    event->bytes = malloc(len);
    assert_non_null(event->bytes);
    memcpy(event->bytes, bytes, len);
}

size_t power_events(void)
{
    return record.n_events;
}

/* ── the VFS ───────────────────────────────────────────────────────────────────────────────────*/

struct shim_file {
    sqlite3_file base;
    size_t file; /* FILES_MAX: a nameless one */
    sqlite3_file *below;
};

static sqlite3_file *below(sqlite3_file *file)
{
    return ((struct shim_file *)file)->below;
}

static bool is_noted(const sqlite3_file *file)
{
    return record.is_on && ((const struct shim_file *)file)->file < FILES_MAX;
}

static int shim_close(sqlite3_file *file)
{
    return below(file)->pMethods->xClose(below(file));
}

static int shim_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return below(file)->pMethods->xRead(below(file), out, len, at);
}

static int shim_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    if (is_noted(file))
        note(WRITTEN, ((struct shim_file *)file)->file, (size_t)at, (size_t)len, bytes);
    return below(file)->pMethods->xWrite(below(file), bytes, len, at);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    if (is_noted(file)) note(CUT, ((struct shim_file *)file)->file, 0, (size_t)len, NULL);
    return below(file)->pMethods->xTruncate(below(file), len);
}

/* What the record is for; the real disk need not be troubled. */
static int shim_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (is_noted(file)) note(SYNCED, ((struct shim_file *)file)->file, 0, 0, NULL);
    return SQLITE_OK;
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *out)
{
    return below(file)->pMethods->xFileSize(below(file), out);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xLock(below(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return below(file)->pMethods->xUnlock(below(file), level);
}

static int shim_reserved(sqlite3_file *file, int *out)
{
    return below(file)->pMethods->xCheckReservedLock(below(file), out);
}

static int shim_control(sqlite3_file *file, int what, void *argument)
{
    return below(file)->pMethods->xFileControl(below(file), what, argument);
}

static int shim_sector(sqlite3_file *file)
{
    return below(file)->pMethods->xSectorSize(below(file));
}

static int shim_traits(sqlite3_file *file)
{
    return below(file)->pMethods->xDeviceCharacteristics(below(file));
}

static int shim_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return below(file)->pMethods->xShmMap(below(file), page, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int at, int n, int flags)
{
    return below(file)->pMethods->xShmLock(below(file), at, n, flags);
}

static void shim_barrier(sqlite3_file *file)
{
    below(file)->pMethods->xShmBarrier(below(file));
}

static int shim_unmap(sqlite3_file *file, int delete)
{
    return below(file)->pMethods->xShmUnmap(below(file), delete);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    struct shim_file *shim = (struct shim_file *)file;
    shim->below = (sqlite3_file *)(shim + 1);
    shim->file = path && record.is_on ? file_of(path) : FILES_MAX;
    const int rc = record.below->xOpen(record.below, path, shim->below, flags, out);
    shim->base.pMethods = shim->below->pMethods ? &shim_methods : NULL;
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    if (record.is_on) note(DELETED, file_of(path), 0, 0, NULL);
    return record.below->xDelete(record.below, path, sync_folder);
}

static sqlite3_vfs shim;

void power_record(void)
{
    power_forget();
    record.below = sqlite3_vfs_find("unix");
    assert_non_null(record.below);
    shim = *record.below;
    shim.zName = "power";
    shim.szOsFile = (int)sizeof(struct shim_file) + record.below->szOsFile;
    shim.xOpen = shim_open;
    shim.xDelete = shim_delete;
    assert_int_equal(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
    record.is_on = true;
}

void power_stop(void)
{
    record.is_on = false;
}

void power_forget(void)
{
    power_stop();
    if (record.below) assert_int_equal(sqlite3_vfs_register(record.below, 1), SQLITE_OK);
    for (size_t i = 0; i < record.n_events; i++)
        free(record.events[i].bytes);
    free(record.events);
    for (size_t i = 0; i < FILES_MAX; i++) {
        free(record.first[i].bytes);
        free(record.disk[i].bytes);
    }
    memset(&record, 0, sizeof record);
}

/* ── the power goes ────────────────────────────────────────────────────────────────────────────*/

static void apply(struct image *image, const struct event *event)
{
    switch (event->kind) {
    case WRITTEN: put(image, event->at, event->bytes, event->len); break;
    case CUT:
        if (event->len < image->len) image->len = event->len;
        break;
    case DELETED:
        image->exists = false;
        image->len = 0;
        break;
    case SYNCED: image->exists = true; break;
    }
}

/* All unsynced events of one file before n, in order, onto what is sure. */
static void settle(size_t file, size_t from, size_t n)
{
    for (size_t i = from; i < n; i++) {
        if (record.events[i].file == file) apply(&record.disk[file], &record.events[i]);
    }
}

static size_t unsynced_from[FILES_MAX]; /* first event that no sync of its file has followed */

static void replay_to(size_t n)
{
    if (n < record.replayed || record.replayed == 0) {
        for (size_t i = 0; i < record.n_files; i++) {
            record.disk[i].len = 0;
            copy_image(&record.disk[i], &record.first[i]);
            unsynced_from[i] = 0;
        }
        record.replayed = 0;
    }
    for (; record.replayed < n; record.replayed++) {
        const struct event *event = &record.events[record.replayed];
        /* a deletion is one entry of the folder's journal; nothing after it depends on its sync */
        if (event->kind != SYNCED && event->kind != DELETED) continue;
        settle(event->file, unsynced_from[event->file], record.replayed + 1);
        unsynced_from[event->file] = record.replayed + 1;
    }
}

enum fate { KEPT, LOST, FIRST_PART, PIECES, SECTORS, FATES };

/* Each sector of a write for itself: the new bytes, the old ones, or neither. */
static void tear(struct image *image, const struct event *event, struct dln_rng *rng)
{
    for (size_t at = 0; at < event->len; at += SECTOR) {
        const size_t len = event->len - at < SECTOR ? event->len - at : SECTOR;
        unsigned char noise[SECTOR];
        switch (dln_rng_below(rng, 8)) {
        case 0: break;
        case 1:
            for (size_t i = 0; i < len; i++)
                noise[i] = (unsigned char)dln_rng_next(rng);
            /* a sector that was there before stays whole: it is the old one or the new one */
            if (event->at + at + len > image->len) put(image, event->at + at, noise, len);
            break;
        default: put(image, event->at + at, event->bytes + at, len); break;
        }
    }
}

static void lose_some(struct image *image, size_t file, size_t n, struct dln_rng *rng)
{
    const size_t from = unsynced_from[file];
    const enum fate fate = (enum fate)dln_rng_below(rng, FATES);
    const size_t first = from + dln_rng_below(rng, n - from + 1);
    for (size_t i = from; i < n && fate != LOST; i++) {
        const struct event *event = &record.events[i];
        if (event->file != file || (fate == FIRST_PART && i >= first)) continue;
        if (fate == PIECES && dln_rng_below(rng, 2) == 0) continue;
        if (fate == SECTORS && event->kind == WRITTEN) {
            tear(image, event, rng);
        } else {
            apply(image, event);
        }
    }
}

static void write_out(const struct image *image, const char *folder, const char *name)
{
    char path[PATH_MAX_LEN];
    assert_true(snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path);
    (void)unlink(path);
    if (!image->exists) return;
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(image->bytes, 1, image->len, stream), image->len);
    assert_int_equal(fclose(stream), 0);
}

void power_cut_at(size_t n, uint64_t seed, const char *folder)
{
    struct dln_rng rng;
    struct image image = {0};
    dln_rng_init(&rng, dln_splitmix64(seed) + n);
    assert_true(n <= record.n_events && !record.is_on);
    replay_to(n);
    for (size_t i = 0; i < record.n_files; i++) {
        char shm[NAME_MAX_LEN + 8];
        image.len = 0;
        copy_image(&image, &record.disk[i]);
        lose_some(&image, i, n, &rng);
        write_out(&image, folder, record.names[i]);
        (void)snprintf(shm, sizeof shm, "%s-shm", record.names[i]);
        image.exists = false;
        write_out(&image, folder, shm);
    }
    free(image.bytes);
}
