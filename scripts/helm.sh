#!/bin/bash
# helm.sh: makes build/tools hold the Helm that tests use, built from its Go module, and prints its path. Does nothing
# more when it is there. Takes Go from the Python packages of tests/requirements.txt.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root"
version=v3.22.0
# The Kubernetes for which it renders when none is named, as in Helm's own releases of this version.
kube='-X helm.sh/helm/v3/pkg/chartutil.k8sVersion'
folder="$root/build/tools/helm-$version"

if [[ ! -x "$folder/helm" ]]; then
  echo "building helm $version in ${folder#"$root"/}" >&2
  path="$(scripts/python_env.sh test tests/requirements.txt)/bin:$PATH"
  # The caches are those of the Go SDK's tests.
  PATH="$path" GOBIN="$folder" GOTOOLCHAIN=local GOFLAGS=-modcacherw \
    GOMODCACHE="$root/build/sdk/go/mod" GOCACHE="$root/build/sdk/go/cache" \
    go install -ldflags "-s -w ${kube}Major=1 ${kube}Minor=37" "helm.sh/helm/v3/cmd/helm@$version" >&2
fi
echo "$folder/helm"
