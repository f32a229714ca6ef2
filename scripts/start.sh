#!/bin/bash
# start.sh [--once]: what `./dev start` does, see usage there.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
once=
case "${1:-}" in
  "") ;;
  --once) once=yes ;;
  *) echo "unknown option: $1" >&2; exit 2 ;;
esac

if [[ ! -x build/release/perdure ]]; then
  echo "This installs the Debian packages and Python modules that are missing, compiles the server, starts it and runs"
  echo "examples/blog_post on it. On two cores that takes about 9 minutes, nearly all of it compiling; later runs take seconds."
fi
scripts/install_packages.sh build start
scripts/build.sh release perdure
python="$(scripts/python_env.sh start examples/blog_post/requirements.txt)/bin/python"

port_in_use() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

port=7233
if port_in_use "$port"; then
  port="$(free_port)"
  echo "port 7233 is in use, taking $port"
fi

mkdir -p build/start
# In a session of its own, so that Ctrl-C reaches only this script, which then asks the server to end.
setsid build/release/perdure server start-dev --port "$port" --db-filename build/start/perdure.db &
server=$!
stop() {
  trap - EXIT INT TERM
  kill -TERM "$server" 2> /dev/null || true
  wait "$server" || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for _ in {1..200}; do
  port_in_use "$port" && break
  kill -0 "$server" 2> /dev/null || { echo "the server ended" >&2; exit 1; }
  sleep 0.05
done

"$python" examples/blog_post/run.py --address "127.0.0.1:$port"

if [[ -n "$once" ]]; then exit 0; fi
echo
echo "The server runs at 127.0.0.1:$port on build/start/perdure.db until Ctrl-C."
wait "$server"
