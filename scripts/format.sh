#!/bin/bash
# format.sh [--check]: formats our C++ and Python; with --check says what is not formatted or too long and lints
# Python and Bash.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
tools="$(scripts/python_env.sh tools scripts/requirements.txt)/bin"
ruff="$tools/ruff"

# ours PATTERN...: our files of these names.
ours() {
  local pattern names=(-false)
  for pattern in "$@"; do names+=(-o -name "$pattern"); done
  find . \( -path ./build -o -path ./.git -o -name node_modules -o -name '.*_cache' \) -prune -o \
    -type f \( "${names[@]}" \) -print
}

mapfile -t cpp < <(ours '*.cc' '*.h')
mapfile -t python < <(ours '*.py')
mapfile -t bash < <(ours '*.sh'; echo dev; echo .ci/run)

if [[ "${1:-}" != --check ]]; then
  clang-format-14 -i "${cpp[@]}"
  "$ruff" check --quiet --fix --select I "${python[@]}"
  "$ruff" format --quiet "${python[@]}"
  exit 0
fi

status=0
# check NAME COUNT COMMAND...
check() {
  local name="$1" count="$2"
  shift 2
  if "$@"; then echo "$name: $count files, all fine"; else echo "$name: $count files, FAILED"; status=1; fi
}
check format "${#cpp[@]}" clang-format-14 --dry-run -Werror "${cpp[@]}"
# A function fits a screen. clang-tidy has this rule too, but takes a fifth of its time for it.
check "function size" "${#cpp[@]}" "$tools/lizard" --languages cpp --length 70 --arguments 8 --modified --CCN 25 \
  --warnings_only "${cpp[@]}"
check "python format" "${#python[@]}" "$ruff" format --quiet --check "${python[@]}"
check "python lint" "${#python[@]}" "$ruff" check --quiet "${python[@]}"
check "shell lint" "${#bash[@]}" shellcheck "${bash[@]}"
exit "$status"
