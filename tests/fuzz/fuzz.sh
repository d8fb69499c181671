#!/bin/sh
# Lets libFuzzer look for inputs that break a promise (a build by clang with the address sanitizer).
#   sh tests/fuzz/fuzz.sh BUILD TARGET [SECONDS]
# Without SECONDS (or DIALIN_FUZZ_SECONDS) a few thousand, the same ones each time: for CI.
# What it finds stands in BUILD/fuzz-found/; put it among the seeds when it is mended.
set -eu
here=$(dirname "$0")
build=$1
target=$2
seconds=${3:-${DIALIN_FUZZ_SECONDS:-}}
corpus=$build/fuzz-corpus/$target
limits="-max_total_time=$seconds"
if [ -z "$seconds" ]; then
    corpus=$build/fuzz-corpus/none
    rm -rf "$corpus"
    limits="-runs=3000 -seed=1"
fi
mkdir -p "$corpus" "$build/fuzz-found"
words=""
if [ -f "$here/words/$target" ]; then words="-dict=$here/words/$target"; fi
# shellcheck disable=SC2086
DIALIN_FUZZ=$target exec "$build/tests/fuzz_drive" $words $limits -timeout=60 \
    -rss_limit_mb=2048 -max_len=4096 -print_final_stats=1 -close_fd_mask=1 \
    -artifact_prefix="$build/fuzz-found/$target-" "$corpus" "$here/seeds/$target"
