#!/bin/bash
# build.sh PRESET [TARGET...]: configures the preset where that has not been done, and builds.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
preset="$1"
shift
cd "$root"

[[ -f "build/$preset/build.ninja" ]] || cmake --preset "$preset"
ninja -C "build/$preset" -j "$(nproc)" "$@"
