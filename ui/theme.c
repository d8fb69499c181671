/* Finding themes, filling in what they leave out, and bringing colours down to the terminal's. */
#include "theme.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dialin/nearest.h"
#include "theme_parts.h"

enum { FILE_MAX = 64 * 1024, NAMES_MAX = 200 };

/* ── roles that a theme does not name ──────────────────────────────────────────────────────────*/

/* Looks like; a role that stands for itself ends the chain. */
static const uint8_t kin[ROLE_COUNT] = {
    [ROLE_TEXT] = ROLE_TEXT,
    [ROLE_DIM] = ROLE_TEXT,
    [ROLE_STRONG] = ROLE_TEXT,
    [ROLE_BG] = ROLE_BG,
    [ROLE_BORDER] = ROLE_DIM,
    [ROLE_BORDER_FOCUS] = ROLE_TITLE,
    [ROLE_TITLE] = ROLE_STRONG,
    [ROLE_HEADER] = ROLE_DIM,
    [ROLE_TAB] = ROLE_TEXT,
    [ROLE_TAB_ACTIVE] = ROLE_STRONG,
    [ROLE_STATUS] = ROLE_TEXT,
    [ROLE_KEY] = ROLE_STRONG,
    [ROLE_KEYBAR] = ROLE_DIM,
    [ROLE_CURSOR] = ROLE_CURSOR,
    [ROLE_CURSOR_BLUR] = ROLE_CURSOR_BLUR,
    [ROLE_MARK] = ROLE_STRONG,
    [ROLE_MATCH] = ROLE_MARK,
    [ROLE_INPUT] = ROLE_TEXT,
    [ROLE_INPUT_INVALID] = ROLE_ERROR,
    [ROLE_BUTTON] = ROLE_KEY,
    [ROLE_OVERLAY] = ROLE_TEXT,
    [ROLE_OVERLAY_BORDER] = ROLE_BORDER_FOCUS,
    [ROLE_STATE_RUN] = ROLE_STRONG,
    [ROLE_STATE_OK] = ROLE_TEXT,
    [ROLE_STATE_CUT] = ROLE_DIM,
    [ROLE_STATE_ERR] = ROLE_STRONG,
    [ROLE_STATE_WAIT] = ROLE_DIM,
    [ROLE_BEST] = ROLE_STRONG,
    [ROLE_BETTER] = ROLE_STATE_RUN,
    [ROLE_WORSE] = ROLE_STATE_ERR,
    [ROLE_WARN] = ROLE_MARK,
    [ROLE_ERROR] = ROLE_STATE_ERR,
    [ROLE_INFO] = ROLE_TEXT,
    [ROLE_BADGE] = ROLE_TAB_ACTIVE,
    [ROLE_PROGRESS] = ROLE_TEXT,
    [ROLE_PROGRESS_REST] = ROLE_BORDER,
    [ROLE_SPARK] = ROLE_TEXT,
    [ROLE_AXIS] = ROLE_DIM,
    [ROLE_GRID] = ROLE_BORDER,
    [ROLE_POINT] = ROLE_TEXT,
    [ROLE_POINT_CUT] = ROLE_DIM,
    [ROLE_LINE_BEST] = ROLE_BEST,
    [ROLE_LINE_FORECAST] = ROLE_PREDICT,
    [ROLE_LINE_RUNNING] = ROLE_STATE_RUN,
    [ROLE_FRONT] = ROLE_LINE_BEST,
    [ROLE_PREDICT] = ROLE_INFO,
    [ROLE_PREDICT_BAND] = ROLE_PREDICT,
    [ROLE_RANGE] = ROLE_INFO,
    [ROLE_SERIES_1] = ROLE_TEXT,
    [ROLE_SERIES_2] = ROLE_STATE_RUN,
    [ROLE_SERIES_3] = ROLE_BEST,
    [ROLE_SERIES_4] = ROLE_STATE_ERR,
    [ROLE_HEAT_0] = ROLE_TEXT,
    [ROLE_HEAT_1] = ROLE_HEAT_0,
    [ROLE_HEAT_2] = ROLE_HEAT_1,
    [ROLE_HEAT_3] = ROLE_HEAT_2,
    [ROLE_HEAT_4] = ROLE_HEAT_3,
    [ROLE_HEAT_5] = ROLE_HEAT_4,
    [ROLE_HEAT_6] = ROLE_HEAT_5,
    [ROLE_HEAT_7] = ROLE_HEAT_6,
    [ROLE_HEAT_8] = ROLE_HEAT_7,
    [ROLE_HEAT_9] = ROLE_HEAT_8,
    [ROLE_LOG_TIME] = ROLE_DIM,
    [ROLE_LOG_MATCH] = ROLE_MATCH,
};

void theme_complete(struct theme *theme, const bool given[ROLE_COUNT], const char *inherit)
{
    if (strcmp(inherit, "base") != 0) {
        struct theme parent;
        theme_builtin(inherit, &parent);
        for (int i = 0; i < ROLE_COUNT; i++) {
            if (!given[i]) theme->style[i] = parent.style[i];
        }
        return;
    }
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (given[i]) continue;
        uint8_t role = kin[i];
        while (!given[role] && kin[role] != role)
            role = kin[role];
        theme->style[i] =
            given[role] ? theme->style[role] : (struct style){COLOR_DEFAULT, COLOR_DEFAULT, 0};
    }
    if (!given[ROLE_CURSOR]) theme->style[ROLE_CURSOR].attrs = CELL_REVERSE;
    if (!given[ROLE_CURSOR_BLUR]) theme->style[ROLE_CURSOR_BLUR].attrs = CELL_UNDERLINE;
}

void theme_builtin(const char *name, struct theme *out)
{
    const struct theme_file *chosen = NULL;
    for (size_t i = 0; i < theme_file_count; i++) {
        const struct theme_file *file = &theme_files[i];
        if (strcmp(file->name, name) == 0) chosen = file;
        if (!chosen && strcmp(file->name, "neutral") == 0) chosen = file;
    }
    if (chosen && theme_parse((const char *)chosen->bytes, chosen->len, chosen->name, out, NULL)) {
        return;
    }
    /* out of memory: the attributes of nothing, and a cursor */
    static const bool given[ROLE_COUNT] = {false};
    *out = (struct theme){.name = "neutral"};
    theme_complete(out, given, "base");
}

/* ── files ─────────────────────────────────────────────────────────────────────────────────────*/

/* A regular file of at most FILE_MAX bytes. *out is the caller's. */
static bool read_file(const char *path, char **out, size_t *len, struct dln_error *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return dln_fail(err, DLN_NOT_FOUND, "no '%s'", path);
        return dln_fail_errno(err, errno, "read '%s'", path);
    }
    struct stat status;
    char *text = NULL;
    bool ok = false;
    if (fstat(fd, &status) != 0) {
        dln_fail_errno(err, errno, "read '%s'", path);
    } else if (!S_ISREG(status.st_mode) || status.st_size > FILE_MAX) {
        dln_fail(err, DLN_INVALID, "'%s' is not a file of at most %d kB", path, FILE_MAX / 1024);
    } else if (!(text = malloc(FILE_MAX))) {
        dln_fail(err, DLN_NOMEM, "read '%s'", path);
    } else {
        ssize_t got = 1;
        *len = 0;
        while (*len < FILE_MAX && (got = read(fd, text + *len, FILE_MAX - *len)) > 0) {
            *len += (size_t)got;
        }
        ok = got >= 0 || dln_fail_errno(err, errno, "read '%s'", path);
    }
    close(fd);
    if (ok) {
        *out = text;
    } else {
        free(text);
    }
    return ok;
}

static bool load_file(const char *path, struct theme *out, struct dln_error *err)
{
    char *text = NULL;
    size_t len = 0;
    if (!read_file(path, &text, &len, err)) return false;
    const bool ok = theme_parse(text, len, path, out, err);
    free(text);
    return ok;
}

/* Where themes lie: --theme's folder, the user's, the source tree's, the installed ones. */
static bool theme_dir(int which, const char *dir, struct dln_strbuf *out)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    dln_strbuf_reset(out);
    switch (which) {
    case 0: dln_strbuf_add(out, dir ? dir : ""); break;
    case 1:
        if (config && config[0] == '/') {
            dln_strbuf_addf(out, "%s/dialin/themes", config);
        } else if (home && home[0] == '/') {
            dln_strbuf_addf(out, "%s/.config/dialin/themes", home);
        }
        break;
    case 2: dln_strbuf_add(out, DIALIN_SOURCE_THEME_DIR); break;
    case 3: dln_strbuf_add(out, DIALIN_THEME_DIR); break;
    default: return false;
    }
    return true;
}

static bool is_name(const char *name)
{
    const size_t len = strlen(name);
    if (len == 0 || len >= THEME_NAME_MAX || name[0] == '.') return false;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] <= ' ' || name[i] == '/' || name[i] == 0x7F) return false;
    }
    return true;
}

static bool is_builtin(const char *name)
{
    for (size_t i = 0; i < theme_file_count; i++) {
        if (strcmp(theme_files[i].name, name) == 0) return true;
    }
    return false;
}

static bool not_found(const char *name, const char *dir, struct dln_error *err)
{
    struct dln_strbuf names = {0};
    theme_list(dir, &names);
    struct dln_nearest nearest = {.wanted = name};
    struct dln_strbuf list = {0};
    for (char *at = names.data, *end; at && (end = strchr(at, '\n')); at = end + 1) {
        *end = '\0';
        dln_nearest_offer(&nearest, at);
        dln_strbuf_addf(&list, " %s", at);
    }
    dln_fail(err, DLN_NOT_FOUND, "no theme '%s'%s%s%s; there are:%s", name,
             nearest.best ? ": did you mean '" : "", nearest.best ? nearest.best : "",
             nearest.best ? "'" : "", dln_strbuf_text(&list));
    dln_strbuf_release(&list);
    dln_strbuf_release(&names);
    return false;
}

bool theme_load(const char *name, const char *dir, struct theme *out, struct dln_error *err)
{
    if (strchr(name, '/')) {
        struct dln_error why = {0};
        if (load_file(name, out, &why)) return true;
        if (why.code == DLN_NOT_FOUND) return dln_fail(err, why.code, "no theme file '%s'", name);
        return dln_fail(err, why.code, "%s", why.text);
    }
    if (!is_name(name)) return not_found(name, dir, err);

    struct dln_strbuf path = {0};
    struct dln_error failure = {.code = DLN_NOT_FOUND};
    bool ok = false;
    for (int i = 0; !ok && failure.code == DLN_NOT_FOUND && theme_dir(i, dir, &path); i++) {
        if (path.len == 0) continue;
        dln_strbuf_addf(&path, "/%s.yaml", name);
        ok = load_file(dln_strbuf_text(&path), out, &failure);
    }
    dln_strbuf_release(&path);
    if (ok) return true;
    if (failure.code != DLN_NOT_FOUND) return dln_fail(err, failure.code, "%s", failure.text);
    if (!is_builtin(name)) return not_found(name, dir, err);
    theme_builtin(name, out);
    return true;
}

struct names {
    char name[NAMES_MAX][THEME_NAME_MAX];
    size_t n;
};

static void add_name(struct names *names, const char *name, size_t len)
{
    if (len == 0 || len >= THEME_NAME_MAX || names->n == NAMES_MAX) return;
    char *slot = names->name[names->n];
    memcpy(slot, name, len);
    slot[len] = '\0';
    if (!is_name(slot)) return;
    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->name[i], slot) == 0) return;
    }
    names->n++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void theme_list(const char *dir, struct dln_strbuf *out)
{
    struct names *names = calloc(1, sizeof *names);
    if (!names) return;
    for (size_t i = 0; i < theme_file_count; i++) {
        add_name(names, theme_files[i].name, strlen(theme_files[i].name));
    }
    struct dln_strbuf path = {0};
    for (int i = 0; theme_dir(i, dir, &path); i++) {
        DIR *folder = path.len > 0 ? opendir(dln_strbuf_text(&path)) : NULL;
        if (!folder) continue;
        for (const struct dirent *entry; (entry = readdir(folder));) {
            static const char suffix[] = ".yaml";
            const size_t len = strlen(entry->d_name);
            if (len <= strlen(suffix)) continue;
            const size_t stem = len - strlen(suffix);
            if (strcmp(entry->d_name + stem, suffix) == 0) add_name(names, entry->d_name, stem);
        }
        closedir(folder);
    }
    dln_strbuf_release(&path);
    qsort(names->name, names->n, sizeof names->name[0], by_name);
    for (size_t i = 0; i < names->n; i++)
        dln_strbuf_addf(out, "%s\n", names->name[i]);
    free(names);
}
