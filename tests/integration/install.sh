#!/bin/sh
# Installs into a scratch prefix and builds a small program against it, by pkg-config and by CMake.
set -eu
build=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

DESTDIR="$scratch/root" cmake --install "$build" >/dev/null
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
libdir=$(dirname "$(find "$scratch/root" -name dialin.pc)")/..
flags=$(sed -n 's/^CMAKE_C_FLAGS:STRING=//p' "$build/CMakeCache.txt")
sanitize=$(sed -n 's/^DIALIN_SANITIZE:STRING=//p' "$build/CMakeCache.txt")
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
if [ -n "$sanitize" ]; then flags="$flags -fsanitize=$sanitize"; fi

if [ -z "$sanitize" ]; then # else there is none
    find "$scratch/root" -path '*/man/man1/dialin.1' | grep -q .
fi

cat >"$scratch/main.c" <<'EOF'
#include <stdio.h>

#include <dialin/dialin.h>

int main(void)
{
    const struct dln_param param = {.name = "lr", .low = 1e-5, .high = 1e-1, .log = true};
    printf("%s %.3f\n", DLN_VERSION, dln_param_decode(&param, 0.5));
    return 0;
}
EOF

PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$scratch/root" \
    sh -c "$compiler $flags -o $scratch/by_pkgconfig $scratch/main.c \
        \$(pkg-config --cflags --libs dialin)"
LD_LIBRARY_PATH="$libdir" "$scratch/by_pkgconfig" | grep -q ' 0.001$'

# The sample of the library is what a user would begin with.
sample=$1/samples/ask-tell
PKG_CONFIG_PATH="$libdir/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$scratch/root" \
    sh -c "$compiler $flags -Wall -Wextra -Werror -o $scratch/ask_tell $sample/ask_tell.c \
        \$(pkg-config --cflags --libs dialin) -lm"
LD_LIBRARY_PATH="$libdir" "$scratch/ask_tell" "$sample/study.yaml" | grep -q '^best 0.*trials$'

mkdir "$scratch/cmake"
cp "$scratch/main.c" "$scratch/cmake"
cat >"$scratch/cmake/CMakeLists.txt" <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(user C)
find_package(dialin REQUIRED)
add_executable(by_cmake main.c)
target_link_libraries(by_cmake PRIVATE dialin::dialin)
EOF
cmake -G Ninja -S "$scratch/cmake" -B "$scratch/cmake/build" -DCMAKE_C_COMPILER="$compiler" \
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_PREFIX_PATH="$scratch/root$prefix" >/dev/null
cmake --build "$scratch/cmake/build" >/dev/null
LD_LIBRARY_PATH="$libdir" "$scratch/cmake/build/by_cmake" | grep -q ' 0.001$'
echo "installed copy: builds and runs by pkg-config and by find_package"
