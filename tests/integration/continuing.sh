#!/bin/sh
# A study of Optuna goes on with dialin and back, with the newest Optuna and the oldest supported.
#   sh continuing.sh SOURCE BUILD
# They are installed once, into BUILD/optuna-venv (or $DIALIN_OPTUNA_VENV) and BUILD/optuna-venv-oldest
# (or that name with -oldest).
set -eu
source=$1
build=$2
newest=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}
oldest=$newest-oldest

# Optuna 3.0.0 and the releases of its time that Python 3.11 can still install.
then="setuptools<70 alembic<1.13 cliff cmaes<0.11 colorlog numpy<2 packaging scipy<1.13 sqlalchemy<1.5 tqdm PyYAML"

install() { # VENV PACKAGES…
    venv=$1
    shift
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

has() {
    "$1/bin/python" -c 'import optuna, cmaes' 2>/dev/null
}

# shellcheck disable=SC2086
if ! { has "$newest" || install "$newest" optuna cmaes; } ||
    ! { has "$oldest" || { install "$oldest" $then && install "$oldest" --no-deps optuna==3.0.0; }; }; then
    echo "skipped: Optuna cannot be installed here (no way to PyPI, or no python3-venv)"
    exit 77
fi
for venv in "$newest" "$oldest"; do
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    "$venv/bin/python" "$source/tests/integration/optuna_continues.py" "$build/dialin" "$folder"
    rm -rf "$folder"
done
