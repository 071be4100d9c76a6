#!/usr/bin/env bash
# Builds the C program with the compilers and for the machines that are here, has each build decode the golden files and
# write them again, and compares. On Debian 12 all of it takes:
#
#     apt-get install clang gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross \
#       gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static
#
# (gcc-multilib in place of gcc-i686-linux-gnu does, but excludes the other two compilers.) What is not here is skipped,
# and says so; the script fails if a build does not compile, or writes other bytes.
set -euo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' >"$folder/probe.c"

# The golden files, with the program run by the words of $1.
check() {
  local file fields packed
  for file in "$project"/tests/golden/*.rnnc; do
    $1 "$folder/rnnc" d -f "$file" "$folder/original" -s "$folder/packed"
    case $file in */lstm.rnnc | */rnn.rnnc | */default.rnnc) cmp "$folder/original" "$project/tests/golden/original.txt" ;; esac
    fields=$($1 "$folder/rnnc" i "$file")
    case $fields in
      *strokes=[1-9]*) packed="-s $folder/packed" ;;
      *words=[1-9]*) packed="-w $folder/packed" ;;
      *) packed= ;;
    esac
    # shellcheck disable=SC2086
    $1 "$folder/rnnc" e -f "$folder/original" "$folder/again" ${fields#stored} $packed
    cmp "$folder/again" "$file"
  done
}

# What runs the program (or nothing), then compiler and flags.
build() {
  local runner=$1
  shift
  if ! "$@" -o "$folder/probe" "$folder/probe.c" 2>/dev/null || ! $runner "$folder/probe" >/dev/null 2>&1; then
    echo "not here: $* ${runner:+with $runner}"
    return
  fi
  "$@" -Wall -Wextra -Werror -o "$folder/rnnc" "$project/rnncompress/portable/rnnc.c"
  check "$runner"
  echo "the same bytes: $* ${runner:+with $runner}"
}

for compiler in gcc clang; do
  for flags in -O0 -O2 -O3 "-O3 -march=native"; do
    # shellcheck disable=SC2086
    build "" "$compiler" -std=c99 -pedantic-errors $flags
  done
  build "" "$compiler" -m32 -O2 -msse2 -mfpmath=sse
done
build "" i686-linux-gnu-gcc -O2 -static -msse2 -mfpmath=sse
build qemu-s390x-static s390x-linux-gnu-gcc -O2 -static
build qemu-aarch64-static aarch64-linux-gnu-gcc -O2 -static
build qemu-s390x-static s390x-linux-gnu-gcc -O3 -static -march=z13
build qemu-aarch64-static aarch64-linux-gnu-gcc -O3 -static
