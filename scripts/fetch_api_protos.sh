#!/bin/bash
# Brings the API's .proto files, pinned in proto/api.lock, to build/api/proto, and the C++ that protoc makes of
# them to build/api/cpp. Does nothing when both are already those of the lock file. CMake runs it at configure
# time; every preset shares the result, so that ccache compiles it once.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
lock="$root/proto/api.lock"
out="$root/build/api"
stamp="$out/stamp"

mkdir -p "$out"
exec 9>"$out/lock"
flock 9

wanted="$(cat "$lock" "${BASH_SOURCE[0]}" "$root/scripts/escape_namespace.sh" | sha512sum) $(protoc --version)"
if [[ -f "$stamp" && "$(cat "$stamp")" == "$wanted" ]]; then exit 0; fi

package="$(sed -n 's/^package=//p' "$lock")"
version="$(sed -n 's/^version=//p' "$lock")"
integrity="$(sed -n 's/^integrity=//p' "$lock")"

echo "fetching the API protos: $package $version"
work="$(mktemp -d "$out/fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT
archive="$work/$(cd "$work" && npm pack --silent --ignore-scripts "$package@$version" | tail -n 1)"
found="sha512-$(openssl dgst -sha512 -binary "$archive" | base64 --wrap=0)"
if [[ "$found" != "$integrity" ]]; then
  echo "the archive of $package $version is $found, proto/api.lock says $integrity" >&2
  exit 1
fi

shipped="package/sdk-core/crates/protos/protos"
tar --extract --gzip --file "$archive" --directory "$work" "$shipped"
mkdir "$work/proto" "$work/cpp"
for part in api_upstream/temporal api_upstream/nexusannotations google grpc; do
  cp -r "$work/$shipped/$part" "$work/proto/"
done
cp -r "$work/$shipped/api_upstream/google/api" "$work/proto/google/"

(cd "$work/proto" && find . -name '*.proto' -printf '%P\n' | sort > "$work/protos.txt")
xargs protoc --proto_path="$work/proto" --cpp_out="$work/cpp" \
  --include_imports --descriptor_set_out="$work/api.binpb" < "$work/protos.txt"

grep --recursive --files-with-matches --null -E 'api::(namespace|export)::v1|^namespace (namespace|export) ' "$work/cpp" |
  xargs --null "$root/scripts/escape_namespace.sh"

rm -rf "$out/proto" "$out/cpp"
mv "$work/proto" "$work/cpp" "$work/api.binpb" "$out/"
echo "$wanted" > "$stamp"
