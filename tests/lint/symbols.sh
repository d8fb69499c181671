#!/bin/sh
# What the libraries define and use: every external name of libdialin starts with dln_, the shared
# library exports nothing else, and nothing calls functions that are banned here.
# usage: symbols.sh SOURCE BUILD
set -eu
build=$2
bad=0

# Sanitizers add names of their own.
others() {
    grep -vE '^(dln_|__odr_asan|__asan_|__tsan_|__ubsan_|_init$|_fini$)' || true
}

defined=$(nm -g --defined-only "$build/libdialin.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | others)
if [ -n "$defined" ]; then
    echo "external names in libdialin.a without dln_:"
    echo "$defined"
    bad=1
fi

exported=$(nm -D --defined-only "$build/libdialin.so" | awk '{ print $NF }' | sed 's/@.*//' | others)
if [ -n "$exported" ]; then
    echo "libdialin.so exports:"
    echo "$exported"
    bad=1
fi

# Also as the compiler spells them under _FORTIFY_SOURCE.
strings='strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|strtok|strtok_r|gets'
numbers='atoi|atol|atoll|atof|strtod|strtof|strtold|rand|srand|random|srandom|drand48'
system='system|popen|tmpnam|mktemp|localtime|gmtime|ctime|asctime|sleep|usleep|nanosleep'
output='exit|abort|printf|puts|putchar|perror|__printf_chk'

# ARCHIVE NAMES: objects that use one of the names, "object: name".
used() {
    nm -A --undefined-only "$1" 2>/dev/null |
        sed -E 's/^[^:]*:([^:]*): *U /\1: /' |
        grep -E ": (__isoc99_)?(__)?($2)(_chk)?$" || true
}
banned=$(
    used "$build/libdialin.a" "$strings|$numbers|$system|$output" | grep -v '^num\.c\.o: strtod$'
    used "$build/libdialin_ui.a" "$strings|$numbers|$system"
) || true
if [ -n "$banned" ]; then
    echo "banned functions:"
    echo "$banned"
    bad=1
fi
# The compiler may turn these into others before they become a symbol.
inlined=$(grep -rnE '\b(atoi|atol|atoll|atof) *\(' "$1/src" "$1/ui" --include='*.[ch]' || true)
if [ -n "$inlined" ]; then
    echo "banned functions:"
    echo "$inlined"
    bad=1
fi
[ "$bad" -eq 0 ] && echo "symbols are as they should be"
exit "$bad"
