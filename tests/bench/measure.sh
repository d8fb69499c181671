#!/bin/sh
# Prints every table of measurements beside its budget.
#   ninja -C build bench && sh tests/bench/measure.sh build
# or what searching costs and finds, beside Optuna in the same run (installed into build/optuna-venv):
#   sh tests/bench/measure.sh search build [--seeds 5] [--trials 60] [--only cost|quality] [--problems branin,zdt1-6]
# or what looking at large files of Optuna costs, beside Optuna (gigabytes of disk in build/large, minutes):
#   sh tests/bench/measure.sh large build [--trials 1000000] [--params 10] [--studies 1000]
# or what ASHA saves on samples/curve, for so many seeds:
#   sh tests/bench/measure.sh curve build [5] [100]
set -eu
if [ "${1:-}" = large ]; then
    build=${2:-build}
    [ $# -lt 2 ] || shift
    shift
    venv=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -c 'import optuna' 2>/dev/null ||
        "$venv/bin/pip" install --quiet --disable-pip-version-check optuna
    mkdir -p "$build/large"
    exec "$venv/bin/python" "$(dirname "$0")/large.py" "$build/dialin" "$build/tests/bench_load" \
        "$build/large" "$@"
fi
if [ "${1:-}" = search ]; then
    build=${2:-build}
    [ $# -lt 2 ] || shift
    shift
    venv=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/python" -c 'import optuna, sklearn, cmaes' 2>/dev/null ||
        "$venv/bin/pip" install --quiet --disable-pip-version-check optuna scikit-learn cmaes
    # Optuna's Gaussian process needs torch, which is large: where it is missing, that column is.
    OMP_NUM_THREADS=1 exec "$venv/bin/python" "$(dirname "$0")/search.py" "$build/dialin" "$@"
fi
if [ "${1:-}" = curve ]; then
    build=${2:-build}
    [ $# -lt 2 ] || shift
    shift
    here=$(dirname "$0")
    exec python3 "$here/curve.py" "$(realpath "$build/dialin")" "$(realpath "$here/../../samples/curve")" "$@"
fi
build=${1:-build}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$build/tests/bench_start" "$build/dialin"
"$build/tests/bench_store"
"$build/tests/bench_spawn"
"$build/tests/bench_workers"
"$build/tests/bench_strategies"
"$build/tests/bench_predict"
"$build/tests/bench_idle"
"$build/tests/bench_pruners"
"$build/tests/bench_fixture" "$folder/large.db" 100000 6 10
"$build/tests/bench_load" "$folder/large.db"
"$build/tests/bench_screen" "$build/dialin" "$folder/large.db"
