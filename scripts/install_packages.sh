#!/bin/bash
# install_packages.sh GROUP...: installs the Debian packages that are missing. Groups: build, start, test, fuzz.
# Needs root, or sudo, only when something is missing.
set -euo pipefail

build=(
  build-essential ca-certificates ccache cmake git mold ninja-build pkg-config python3
  libabsl-dev libboost-dev libcli11-dev libfmt-dev libgrpc++-dev libjemalloc-dev libnghttp2-dev libpq-dev libprotobuf-dev libspdlog-dev
  libsqlite3-dev libssl-dev libyaml-cpp-dev nlohmann-json3-dev prometheus-cpp-dev catch2
  openssl protobuf-compiler protobuf-compiler-grpc zlib1g-dev
)
start=(python3-venv)
tests=(
  chromium clang-format-14 fonts-dejavu-core libevent-dev maven openjdk-17-jdk-headless pgbouncer postgresql-15 prometheus
  python3-venv shellcheck
)
fuzz=(clang-14 libclang-rt-14-dev)

wanted=()
for group in "$@"; do
  case "$group" in
    build)
      wanted+=("${build[@]}")
      # npm fetches the API protos; Debian's is only wanted where there is no other.
      command -v npm > /dev/null || wanted+=(npm)
      ;;
    start) wanted+=("${start[@]}") ;;
    test) wanted+=("${tests[@]}") ;;
    fuzz) wanted+=("${fuzz[@]}") ;;
    *) echo "unknown package group: $group" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${wanted[@]}"; do
  status="$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2> /dev/null || true)"
  [[ "$status" == installed ]] || missing+=("$package")
done
if (( ${#missing[@]} == 0 )); then exit 0; fi

as_root=()
if (( EUID != 0 )); then
  command -v sudo > /dev/null || { echo "run this as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "installing Debian packages: ${missing[*]}"
"${as_root[@]}" apt-get update --quiet=2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}"
