#!/bin/sh
# Workers of Optuna, an engine, viewers, a queue and, where installed, optuna-dashboard on one file.
#   sh crowd.sh SOURCE BUILD [SECONDS]
# Optuna is the one of continuing.sh or optuna.sh, installed here where it is not there yet.
set -eu
source=$1
build=$2
venv=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}

if ! "$venv/bin/python" -c 'import optuna' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || exit 77
    if ! "$venv/bin/pip" install --quiet --disable-pip-version-check optuna; then
        echo "skipped: Optuna cannot be installed here (no way to PyPI, or no python3-venv)"
        exit 77
    fi
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venv/bin/python" "$source/tests/integration/optuna_crowd.py" "$build/dialin" "$folder" "${3:-15}"
