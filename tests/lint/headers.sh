#!/bin/sh
# Every header compiles alone, with the compiler of the build.
# usage: headers.sh SOURCE BUILD
set -eu
source=$1
build=$2
cc=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
flags="-std=c17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c -D_POSIX_C_SOURCE=200809L
 -I$source/include -I$build/include $(pkg-config --cflags jansson sqlite3 yaml-0.1)"
curses=$(pkg-config --cflags ncursesw)
bad=0

check() { # HEADER FLAGS…
    header=$1
    shift
    # shellcheck disable=SC2086
    printf '#include "%s"\ntypedef int something;\n' "$header" | "$cc" $flags "$@" - || {
        echo "$header does not compile alone"
        bad=1
    }
}

for header in "$source"/include/dialin/*.h "$build"/include/dialin/*.h; do check "$header"; done
for header in "$source"/src/*/*.h; do check "$header" "-I$source/src"; done
for header in "$source"/ui/*.h "$source"/ui/*/*.h; do
    # shellcheck disable=SC2086
    [ -e "$header" ] && check "$header" "-I$source/ui" $curses
done
for header in "$source"/tests/support/*.h; do
    # shellcheck disable=SC2086
    check "$header" "-I$source/tests" "-I$source/src" "-I$source/ui" $curses
done
[ "$bad" -eq 0 ] && echo "every header stands alone"
exit "$bad"
