#!/bin/sh
# Three releases of Optuna, and the pages of optuna-dashboard, on studies that dialin writes, changes
# and continues. continuing.sh and optuna.sh do the rest with the newest and the oldest.
#   sh releases.sh SOURCE BUILD
# They are installed once, into BUILD/optuna-venv (or $DIALIN_OPTUNA_VENV), the same with -middle and
# with -oldest; the dashboard into the first.
set -eu
source=$1
build=$2
newest=${DIALIN_OPTUNA_VENV:-$build/optuna-venv}
here=$source/tests/integration

# Optuna 3.0.0 and the releases of its time that Python 3.11 can still install.
then="setuptools<70 alembic<1.13 cliff cmaes<0.11 colorlog numpy<2 packaging scipy<1.13 sqlalchemy<1.5 tqdm PyYAML"

install() { # VENV PACKAGES…
    venv=$1
    shift
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

has() { # VENV MODULES
    "$1/bin/python" -c "import $2" 2>/dev/null
}

# shellcheck disable=SC2086
if ! { has "$newest" optuna,cmaes,optuna_dashboard || install "$newest" optuna cmaes optuna-dashboard; } ||
    ! { has "$newest-middle" optuna,cmaes || install "$newest-middle" optuna==4.5.0 cmaes; } ||
    ! { has "$newest-oldest" optuna,cmaes ||
        { install "$newest-oldest" $then && install "$newest-oldest" --no-deps optuna==3.0.0; }; }; then
    echo "skipped: Optuna cannot be installed here (no way to PyPI, or no python3-venv)"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for_one() { # VENV SCRIPT ARGUMENTS…, the last one a folder that is empty
    python=$1/bin/python
    script=$2
    shift 2
    mkdir "$folder/one"
    "$python" "$here/$script" "$@" "$folder/one"
    rm -rf "$folder/one"
}
for venv in "$newest" "$newest-middle" "$newest-oldest"; do
    for_one "$venv" optuna_trash.py "$build/dialin"
done
for_one "$newest-middle" optuna_continues.py "$build/dialin"
for_one "$newest-middle" optuna_agrees.py "$build/tests/test_integration_optuna_file"
for_one "$newest" optuna_dashboard.py "$build/dialin" "$build/tests/test_integration_optuna_file"
for_one "$newest" optuna_upgrade.py "$build/dialin" "$source/tests/data/optuna/basic-310.db"
