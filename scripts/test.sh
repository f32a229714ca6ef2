#!/bin/bash
# test.sh [--quick | --sanitizers | --full | PROGRAM... | tests/PATH PYTEST-ARGUMENT...]: what `./dev test` does, see usage there.
# Every stage runs, even after one has failed; what a stage prints is kept in build/test/.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
logs="build/test"
mkdir -p "$logs"

export PERDURE_BINARY="$root/build/release/perdure"
SIMULATION_SEEDS=250
TWO_NODES_SEEDS=100
# Beyond those, seeds that a fault was found by: in worlds without families and the rest, and in whole ones.
FOUND_BY=(11139 115662)
WHOLE_FOUND_BY=(432)
TAKEOVERS_FOUND_BY=(518)
FUZZ_SECONDS=10
# Left out under the thread sanitizer: tests whose time goes into other programs than the server.
OTHER_PROGRAMS=(
  --ignore-glob='*/test_cli*.py' --ignore-glob='*/test_examples.py' --ignore-glob='*/test_other_sdks.py'
  --ignore-glob='*/test_closed_loop.py'
)

failed=()
closing=()

# stage NAME COMMAND...: runs a command, keeps its output, and remembers whether it failed.
stage() {
  local name="$1" start=$SECONDS status=0
  shift
  echo "=== $name: $*"
  "$@" 2>&1 | tee "$logs/$name.log" || status=$?
  ended "$name" "$status" "$(( SECONDS - start ))"
}

# beside FUNCTION NAME...: runs the function, while the following stages run and have the processors first. It calls
# kept for each of these names; await_beside prints them.
beside() {
  local chain="$1"
  shift
  beside_names=("$@")
  echo "=== $*, beside what follows"
  rm -f "$logs"/*.ended
  set -m  # a group of its own, so that all of it can be ended
  { renice --priority 19 --pid "$BASHPID" > /dev/null; "$chain"; } &
  beside=$!
  set +m
  trap 'kill -- "-$beside" 2> /dev/null || true' EXIT
}

# kept NAME COMMAND...: a stage of those beside.
kept() {
  local name="$1" start=$SECONDS status=0
  shift
  "$@" > "$logs/$name.log" 2>&1 || status=$?
  echo "$status $(( SECONDS - start ))" > "$logs/$name.ended"
}

await_beside() {
  local name status took
  wait "$beside" || true
  trap - EXIT
  for name in "${beside_names[@]}"; do
    status=1 took=0
    if [[ -f "$logs/$name.ended" ]]; then read -r status took < "$logs/$name.ended"; fi
    cat "$logs/$name.log"
    ended "$name" "$status" "$took"
  done
}

# ended NAME STATUS SECONDS: what the runners say last (ctest, pytest, our own checks) is kept for the end.
ended() {
  local name="$1" status="$2" took="$3" log="$logs/$1.log" pattern
  if (( status != 0 )); then failed+=("$name"); fi
  pattern='^[0-9]+% tests passed|^=+ .*(passed|failed|error|no tests ran).* in [0-9.]+s.*=+$'
  pattern+='|^(include arrows|docs|clang-tidy|simulation|fuzz|format|function size|python lint|shell lint): '
  closing+=("-- $name")
  while IFS= read -r line; do closing+=("$line"); done < <(grep --extended-regexp "$pattern" "$log" || true)
  echo "=== $name: $( (( status == 0 )) && echo passed || echo FAILED) after $took s"
}

report() {
  echo
  echo "=== what the runners said last"
  printf '%s\n' "${closing[@]}"
  if (( ${#failed[@]} != 0 )); then
    echo "=== what failed (output in $logs/)"
    local logs_of_failed=("${failed[@]/#/$logs/}")
    scripts/failures.py "${logs_of_failed[@]/%/.log}"
    echo "FAILED: ${failed[*]}"
    exit 1
  fi
  echo "all stages passed in $SECONDS s"
}

unit_tests() {  # unit_tests PRESET [CTEST OPTION...]
  local preset="$1"
  shift
  scripts/with_postgres.py ctest --test-dir "build/$preset" --output-on-failure --no-tests=error \
    --parallel "$(nproc)" "$@"
}

python_tests() {  # python_tests PYTEST ARGUMENT...
  (cd tests && ../scripts/with_postgres.py ../build/venv/test/bin/python -m pytest "$@")
}

quick() {
  scripts/build.sh dev unit_tests
  stage format scripts/format.sh --check
  stage include-arrows scripts/check_includes.py
  stage docs scripts/check_docs.py
  stage unit unit_tests dev
}

cpp_tests_named() {
  scripts/build.sh dev "$@"
  stage unit unit_tests dev --tests-regex "^($(IFS='|'; echo "$*"))$"
}

python_tests_named() {
  scripts/build.sh release perdure
  scripts/python_env.sh test tests/requirements.txt > /dev/null
  stage pytest python_tests "${@#tests/}"
}

# They take processors above all, where the suites wait most of their time: for timeouts, retries and restarts.
compiling_stages() {
  kept clang-tidy scripts/lint.py
  kept fields fields_tests
  kept fuzz scripts/fuzz.sh --seconds "$FUZZ_SECONDS"
}

fields_tests() {
  (cd tests && ../build/venv/test/bin/python -m pytest fields)
}

everything() {
  scripts/install_packages.sh fuzz
  scripts/build.sh release
  scripts/python_env.sh test tests/requirements.txt > /dev/null

  stage format scripts/format.sh --check
  stage include-arrows scripts/check_includes.py
  stage docs scripts/check_docs.py
  stage unit-release unit_tests release
  beside compiling_stages clang-tidy fields fuzz
  local simulation=build/release/perdure_sim
  stage simulation "$simulation" --whole --seeds "$SIMULATION_SEEDS" --also "${WHOLE_FOUND_BY[@]}"
  stage simulation-plain "$simulation" --seeds 0 --also "${FOUND_BY[@]}"
  stage takeovers "$simulation" --takeovers --whole --seeds "$SIMULATION_SEEDS"
  stage takeovers-plain "$simulation" --takeovers --seeds 0 --also "${TAKEOVERS_FOUND_BY[@]}"
  stage two-nodes "$simulation" --two-nodes --whole --seeds "$TWO_NODES_SEEDS"
  local suite
  for suite in oracle system kill abuse deploy ui; do stage "$suite" python_tests "$suite"; done
  await_beside
}

# sanitized_python_tests PRESET PYTEST ARGUMENT...: against the perdure of this preset. The tests look after its reports.
sanitized_python_tests() (
  preset="$1"
  shift
  export PERDURE_BINARY="$root/build/$preset/perdure" PERDURE_SANITIZER_REPORTS="$root/$logs/reports-$preset"
  rm -rf "$PERDURE_SANITIZER_REPORTS"
  mkdir "$PERDURE_SANITIZER_REPORTS"
  mapfile -t environment < "build/$preset/sanitizers.env" || exit 1
  for options in "${environment[@]}"; do export "$options:log_path=$PERDURE_SANITIZER_REPORTS/report"; done
  python_tests "$@"
)

# What takes as long again: tests of other builds.
sanitizers() {
  scripts/python_env.sh test tests/requirements.txt > /dev/null
  local preset
  for preset in asan tsan; do
    scripts/build.sh "$preset" unit_tests perdure
    stage "unit-$preset" unit_tests "$preset"
  done
  stage system-asan sanitized_python_tests asan system --server sqlite
  stage system-tsan sanitized_python_tests tsan system --server sqlite "${OTHER_PROGRAMS[@]}"
}

scripts/install_packages.sh build test
case "${1:-}" in
  "") everything ;;
  --sanitizers) sanitizers ;;
  --full)
    export PERDURE_TEST_FULL=1
    everything
    sanitizers
    ;;
  --quick) quick ;;
  tests/*) python_tests_named "$@" ;;
  *) cpp_tests_named "$@" ;;
esac
report
