#!/bin/sh
# Prints every table of measurements beside its budget.
#   ninja -C build bench && sh tests/bench/measure.sh build
set -eu
build=${1:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$build/tests/bench_start" "$build/dialin"
"$build/tests/bench_store"
"$build/tests/bench_spawn"
"$build/tests/bench_strategies"
"$build/tests/bench_pruners"
"$build/tests/bench_fixture" "$folder/large.db" 100000 6 10
"$build/tests/bench_load" "$folder/large.db"
"$build/tests/bench_screen" "$build/dialin" "$folder/large.db"
