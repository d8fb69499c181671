#!/bin/sh
# Files: names unique over the tree, nothing unexpected at the top, a README.md as map of every
# folder, C files of at most 650 lines. Words: no open ends, no sleeping in src/ and ui/, raw
# escapes only where the terminal is set up, painted and read.
# usage: names.sh SOURCE BUILD
set -eu
cd "$1"
bad=0

report() { # TITLE LINES
    [ -z "$2" ] && return
    echo "$1:"
    printf '%s\n' "$2" | sed 's/^/  /'
    bad=1
}

files() { # all of the project's, builds and run directories left out
    find . \( -path ./.git -o -path './build' -o -path './build-*' -o -name '*.runs' \) -prune -o \
        -type f -print | sed 's|^\./||'
}

allowed='^(\..*|CMakeLists\.txt|LICENSE|README\.md|include|samples|src|tests|themes|ui)$'
report "not expected at the top" "$(files | sed 's|/.*||' | sort -u | grep -vE "$allowed" || true)"

# Each folder has its README.md, each sample its study.yaml and program, by rule.
report "names that stand for two files" "$(
    files | grep -E '^(src|ui|include|tests|themes)/' |
        grep -vE '/(README\.md|CMakeLists\.txt|\.gitkeep)$' |
        sed 's|.*/||' | sort | uniq -d
)"

report "folders without README.md" "$(
    files | grep -E '^(src|ui|include|tests|themes|samples)/' |
        awk -F/ '{ print $1; if (NF > 2) print $1 "/" $2 }' | sort -u |
        while read -r folder; do [ -e "$folder/README.md" ] || echo "$folder"; done
)"

report "longer than 650 lines" "$(
    files | grep -E '^(src|ui|include|tests)/.*\.[ch]$' |
        while read -r file; do
            lines=$(wc -l <"$file")
            [ "$lines" -le 650 ] || echo "$file: $lines"
        done
)"

open_end='\b(TO''DO|FIX''ME|X''XX)\b'
report "open ends" "$(files | grep -E '^(src|ui|include|tests|themes|samples)/' |
    xargs -d '\n' grep -nE "$open_end" /dev/null || true)"

report "sleeping instead of waiting" "$(
    grep -rnE '\b(u|nano|clock_nano)?sleep *\(' src ui --include='*.[ch]' || true
)"

# print.c: colour into a pipe; terminal.c: modes at start and end; keys.c: what a terminal answers;
# tighten.c: what curses writes.
report "raw escapes" "$(grep -rnE '"[^"]*(\\033|\\x1[bB]|\\e\[)' ui --include='*.[ch]' |
    grep -vE '^ui/(paint|print|terminal|keys|tighten)\.c:' || true)"

[ "$bad" -eq 0 ] && echo "names and words are as they should be"
exit "$bad"
