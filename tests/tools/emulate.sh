#!/usr/bin/env bash
# Runs the self-check and decodes the golden files on another kind of machine, emulated: the user-mode emulation of
# qemu, with a Python of that machine. On Debian 12, with qemu-user-static installed:
#
#     tests/tools/emulate.sh arm64        little-endian; numpy and numba as published wheels
#     tests/tools/emulate.sh s390x        big-endian; numpy and numba as packaged by Debian
#
# Nothing is installed on this machine: packages are unpacked below FOLDER (default: a new folder in /tmp).
# Compiling the kernels takes some minutes under emulation.
set -euo pipefail
machine=$1 folder=${2:-$(mktemp -d)}
project=$(cd "$(dirname "$0")/../.." && pwd)
case $machine in
  arm64) cpu=aarch64 packages="python3 libstdc++6 libgomp1" ;;
  s390x) cpu=s390x packages="python3 python3-numpy python3-numba" ;;
  *) echo "arm64 or s390x?" >&2; exit 2 ;;
esac

mkdir -p "$folder"/{lists,debs}/partial "$folder"/{root,site,cache}
touch "$folder/status"
options=(-oAPT::Architecture="$machine" -oAPT::Architectures::="$machine" -oDir::State::Lists="$folder/lists"
  -oDir::State::status="$folder/status" -oDir::Cache::archives="$folder/debs" -oDebug::NoLocking=1
  -oDir::Cache::pkgcache= -oDir::Cache::srcpkgcache=)
apt-get -qq "${options[@]}" update
# shellcheck disable=SC2086
apt-get -qq "${options[@]}" -y --no-install-recommends -d install $packages
for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/root"; done

if [ "$machine" = arm64 ]; then
  platforms=()
  for version in manylinux2014 manylinux_2_17 manylinux_2_26 manylinux_2_27 manylinux_2_28; do
    platforms+=(--platform "${version}_aarch64")
  done
  python3 -m pip install -q --only-binary=:all: --no-deps --python-version 3.11 --implementation cp \
    "${platforms[@]}" --target "$folder/site" numpy==2.4.6 numba==0.68.1 llvmlite==0.50.0
fi

libraries="$folder/root/usr/lib/$cpu-linux-gnu"
export PYTHONPATH="$project:$folder/site" NUMBA_CACHE_DIR="$folder/cache" PYTHONUNBUFFERED=1
export QEMU_SET_ENV="LD_LIBRARY_PATH=$libraries/blas:$libraries/lapack:$libraries"
"qemu-$cpu-static" -L "$folder/root" "$folder/root/usr/bin/python3.11" - "$project/tests/golden" <<'END'
import io
import platform
import sys
from pathlib import Path

from rnncompress import lstm
from rnncompress.lstm import selfcheck

print(platform.machine(), sys.byteorder)
for engine, threads in (("reference", 1), ("cpu", 1), ("cpu", 2)):
    selfcheck.run(engine, threads)
    print(f"self-check exact: {engine}, {threads} threads")

from rnncompress.codec import decode

golden = Path(sys.argv[1])
for name in ("lstm", "rnn", "default"):
    decoded = io.BytesIO()
    decode(io.BytesIO((golden / f"{name}.rnnc").read_bytes()), decoded, build=lstm.build)
    assert decoded.getvalue() == (golden / "original.txt").read_bytes()
    print(f"decoded: {name}.rnnc")
END
