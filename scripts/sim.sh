#!/bin/bash
# sim.sh [--seeds N ...]: the simulation, in the release build; options as `build/release/perdure_sim --help` tells.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
"$root/scripts/build.sh" release perdure_sim
exec "$root/build/release/perdure_sim" "$@"
