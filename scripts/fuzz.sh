#!/bin/bash
# fuzz.sh [--seconds N] [NAME...]: runs the fuzz targets of tests/fuzz/ (all, or the named ones), N seconds each.
# What libFuzzer finds interesting is kept in build/fuzz/corpus/; an input that fails is written to build/fuzz/found/.
# Put such an input into tests/fuzz/corpus/NAME/, and every test run replays it.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
seconds=60
if [[ "${1:-}" == --seconds ]]; then
  seconds="$2"
  shift 2
fi

scripts/build.sh release perdure_api_protos
scripts/build.sh fuzz fuzzers

programs=()
if (( $# != 0 )); then
  for name in "$@"; do programs+=("build/fuzz/fuzz_$name"); done
else
  for source in tests/fuzz/*.cc; do
    name="$(basename "$source" .cc)"
    [[ "$name" == replay_main ]] || programs+=("build/fuzz/fuzz_$name")
  done
fi

mkdir -p build/fuzz/found
for program in "${programs[@]}"; do
  name="${program##*/fuzz_}"
  corpus="build/fuzz/corpus/$name"
  kept="tests/fuzz/corpus/$name"
  mkdir -p "$corpus"
  folders=("$corpus")
  if [[ -d "$kept" ]]; then folders+=("$kept"); fi
  # The time limit of an input is far above what one takes, also where other work has the processors first.
  "$program" -max_total_time="$seconds" -timeout=120 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz/found/$name-" "${folders[@]}"
  echo "fuzz: $name ran $seconds s and found nothing"
done
