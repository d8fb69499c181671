#!/bin/sh
# Optuna itself reads, continues and works beside what dialin writes.
#   sh optuna.sh SOURCE BUILD
# The newest Optuna is installed once, into BUILD/optuna-venv or $DIALIN_OPTUNA_VENV.
set -eu
source=$1
build=$2
venv=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}

if ! "$venv/bin/python" -c 'import optuna' 2>/dev/null; then
    rm -rf "$venv"
    if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --disable-pip-version-check optuna; then
        echo "skipped: Optuna cannot be installed here (no way to PyPI, or no python3-venv)"
        exit 77
    fi
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venv/bin/python" "$source/tests/integration/optuna_agrees.py" "$build/tests/test_integration_optuna_file" "$folder"
"$venv/bin/python" "$source/tests/integration/optuna_beside.py" "$build/dialin" "$folder"
"$venv/bin/python" "$source/tests/integration/optuna_folds.py" "$build/dialin" "$folder"
