#!/bin/bash
# python_env.sh NAME REQUIREMENTS...: makes build/venv/NAME hold the packages of the requirement files, and prints its
# folder. Does nothing more when it already does.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$root/build/venv/$1"
shift

arguments=()
for file in "$@"; do arguments+=(--requirement "$file"); done
wanted="$(cat "$@")"

if [[ ! -f "$venv/installed" || "$(cat "$venv/installed")" != "$wanted" ]]; then
  echo "setting up Python packages in ${venv#"$root"/}" >&2
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check "${arguments[@]}" >&2
  echo "$wanted" > "$venv/installed"
fi
echo "$venv"
