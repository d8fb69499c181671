#!/bin/sh
# Optuna goes on with a study after each edit of its space.
#   sh edited.sh SOURCE BUILD
# It is installed once, into BUILD/optuna-venv (or $DIALIN_OPTUNA_VENV).
set -eu
source=$1
build=$2
venv=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}

install() {
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check optuna cmaes
}

if ! "$venv/bin/python" -c 'import optuna, cmaes' 2>/dev/null && ! install; then
    echo "skipped: Optuna cannot be installed here (no way to PyPI, or no python3-venv)"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$venv/bin/python" "$source/tests/integration/optuna_edited.py" "$build/dialin" "$folder"
