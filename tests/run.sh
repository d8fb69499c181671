#!/bin/sh
# Installs what the tests need (Debian, as root or with sudo), builds, and runs everything.
#   sh tests/run.sh            one build (gcc), the whole suite
#   sh tests/run.sh --all      also clang and both sanitizer builds, as CI does
set -eu
cd "$(dirname "$0")/.."

packages="cmake ninja-build gcc libc6-dev pkg-config libsqlite3-dev libyaml-dev libjansson-dev
 libncurses-dev libcmocka-dev libvterm-dev python3-venv"
if [ "${1:-}" = --all ]; then packages="$packages clang libclang-rt-14-dev"; fi

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
if [ -n "$missing" ]; then
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
    $sudo apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing
fi

build_and_test() {
    folder=$1
    shift
    cmake -S . -B "$folder" -G Ninja -DDIALIN_WERROR=ON -DDIALIN_TESTS=ON "$@"
    cmake --build "$folder"
    ctest --test-dir "$folder" --output-on-failure
}

build_and_test build -DCMAKE_BUILD_TYPE=RelWithDebInfo
if [ "${1:-}" = --all ]; then
    build_and_test build-clang -DCMAKE_C_COMPILER=clang
    build_and_test build-asan -DDIALIN_SANITIZE=address,undefined
    build_and_test build-tsan -DDIALIN_SANITIZE=thread
fi
