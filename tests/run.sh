#!/bin/sh
# Installs what the tests need (Debian, as root or with sudo), builds, and runs everything.
#   sh tests/run.sh            one build (gcc), the whole suite
#   sh tests/run.sh --all      first both sanitizer builds, as CI does (address+undefined by clang,
#                              thread by gcc); then the same
# The last lines are CTest's summary; with --all it counts each other build as a test, variant.NAME.
set -eu
cd "$(dirname "$0")/.."

packages="cmake ninja-build gcc libc6-dev pkg-config libsqlite3-dev libyaml-dev libjansson-dev
 libopenblas0 libncurses-dev libcmocka-dev libvterm-dev python3-venv python3-sklearn
 munge slurm-wlm task-spooler"
if [ "${1:-}" = --all ]; then packages="$packages clang libclang-rt-dev"; fi

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

export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=second_deadlock_stack=1
export DIALIN_OPTUNA_VENV="$PWD/build/optuna-venv" # one for all builds

# gcc 12's thread sanitizer cannot live with the address layout of newer kernels.
fixed_layout=""
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_layout="setarch $(uname -m) -R"; fi

# NAME [-DCMAKE…]: what a compiler or sanitizer can find; lint and packages are the same for all.
# With assertions, which the default build type leaves out.
variant() {
    name=$1
    shift
    echo "── $name ──"
    rm -f "build-$name/outcome"
    cmake -S . -B "build-$name" -G Ninja -DDIALIN_WERROR=ON \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO="-O2 -g" "$@" &&
        cmake --build "build-$name" &&
        $fixed_layout ctest --test-dir "build-$name" -j "$(nproc)" -LE 'lint|bench|slow|cluster' \
            -E 'integration\.install' --output-on-failure &&
        echo passed >"build-$name/outcome" || echo "── $name failed ──"
}

variants=""
if [ "${1:-}" = --all ]; then
    variant address -DCMAKE_C_COMPILER=clang -DDIALIN_SANITIZE=address,undefined
    variant thread -DDIALIN_SANITIZE=thread
    variants="address;thread"
fi

cmake -S . -B build -G Ninja -DDIALIN_WERROR=ON -DDIALIN_VARIANTS="$variants" \
    -DDIALIN_TESTS=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo # whatever a quickstart left there
cmake --build build
ctest --test-dir build -j "$(nproc)" --output-on-failure
