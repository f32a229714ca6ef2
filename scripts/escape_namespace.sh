#!/bin/bash
# escape_namespace.sh FILE...: rewrites generated C++, in which protoc 3.21 leaves the C++ keywords of the packages
# temporal.api.namespace.v1 and temporal.api.export.v1 as they are, so that it reads temporal::api::namespace_::v1.
set -euo pipefail

sed --in-place --regexp-extended \
  -e 's/\bapi::(namespace|export)::v1\b/api::\1_::v1/g' \
  -e 's/^namespace (namespace|export) \{/namespace \1_ {/' \
  -e 's/^\}  \/\/ namespace (namespace|export)$/}  \/\/ namespace \1_/' \
  "$@"
