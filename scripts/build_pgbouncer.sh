#!/bin/bash
# build_pgbouncer.sh FOLDER: makes FOLDER/pgbouncer, of a later version than this machine's Debian release has:
# from the source package of the next release, which apt fetches from where it fetches everything else.
set -euo pipefail

readonly release=trixie  # PgBouncer 1.24
folder="$(mkdir -p "$1" && cd "$1" && pwd)"
if [[ -x "$folder/pgbouncer" ]]; then exit 0; fi

# shellcheck source=/dev/null
codename="$(. /etc/os-release && echo "$VERSION_CODENAME")"
# shellcheck disable=SC2016  # apt's own marks
archive="$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
  awk -v release="$codename" '$1 == release { print $2; exit }')"
[[ -n "$archive" ]] || { echo "apt knows no archive of $codename" >&2; exit 1; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/lists/partial "$work"/cache/archives/partial "$work"/source
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $release main" > "$work/sources.list"
apt=(apt-get --quiet=2 -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=)
"${apt[@]}" update
cd "$work/source"
"${apt[@]}" source --download-only pgbouncer
tar --extract --gzip --strip-components=1 --file pgbouncer_*.orig.tar.gz
./configure --without-openssl --without-cares > configure.log
make -j"$(nproc)" pgbouncer > make.log
mv pgbouncer "$folder/pgbouncer"
