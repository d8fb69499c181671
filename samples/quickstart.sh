#!/bin/sh
# Installs what is missing (Debian 12, as root or with sudo), builds dialin, and tunes libsvm on
# handwritten digits: the live screen on a terminal, lines without one.
set -eu
cd "$(dirname "$0")/.."

packages="cmake ninja-build gcc libc6-dev pkg-config libsqlite3-dev libyaml-dev libjansson-dev
 libopenblas0 libncurses-dev libsvm-tools"
missing=""
if command -v dpkg-query >/dev/null; then
    for package in $packages; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
else
    echo "quickstart: no Debian here; going on with what is installed. It needs: $packages" >&2
fi
if [ -n "$missing" ]; then
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
    echo "quickstart: installing$missing" >&2
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing \
        >/dev/null
fi

# Only the program: the tests need more packages, see tests/run.sh.
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DDIALIN_TESTS=OFF >/dev/null
cmake --build build --target dialin
exec build/dialin run samples/svm/study.yaml "$@"
