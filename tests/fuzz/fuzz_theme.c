/* A theme file: what is read is complete and within the colours there are. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "theme.h"

void fuzz_theme(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    static struct theme theme;
    struct dln_error err = {0};
    if (theme_parse(text, size, "mine.yaml", &theme, &err)) {
        FUZZ_HOLDS(memchr(theme.name, '\0', sizeof theme.name));
        for (int depth = DEPTH_MONO; depth <= DEPTH_256; depth++) {
            const int last = depth == DEPTH_MONO ? -1 : depth == DEPTH_8 ? 7 : 255;
            for (int role = 0; role < ROLE_COUNT; role++) {
                const struct style style =
                    theme_style(&theme, (enum color_depth)depth, (enum role)role, ROLE_BG, 0);
                FUZZ_HOLDS(style.fg >= -1 && style.fg <= last);
                FUZZ_HOLDS(style.bg >= -1 && style.bg <= last);
            }
        }
    } else {
        FUZZ_HOLDS(err.text[0] && !strchr(err.text, '\n'));
    }
    free(text);
}
