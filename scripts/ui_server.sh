#!/bin/bash
# ui_server.sh: makes build/ui/server, Temporal's Web UI with its pages, from the Go module proxy, and prints its path.
# Does nothing more when it is there.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
version="v2.54.1"
ui="$root/build/ui"

if [[ ! -x "$ui/server" || "$(cat "$ui/version" 2> /dev/null)" != "$version" ]]; then
  echo "building the Web UI's server $version" >&2
  GOBIN="$ui" GOMODCACHE="$root/build/sdk/go/mod" GOCACHE="$root/build/sdk/go/cache" GOFLAGS=-modcacherw \
    GOTOOLCHAIN=auto "$root/build/venv/test/bin/go" install \
    "github.com/temporalio/ui-server/v2/cmd/server@$version" >&2
  echo "$version" > "$ui/version"
fi
echo "$ui/server"
