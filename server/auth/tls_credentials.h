// TLS for the gRPC port, from files. Each handshake looks whether the files have changed and takes what is in
// them then, so that a renewed certificate needs no restart and connections that stand are not touched. What
// cannot be used is said in the log, and the certificate before stays in use.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "server/auth/tls_files.h"

namespace perdure::server {

// Errors as ReadTlsFiles. With `client_ca`, clients without a certificate of theirs are refused.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsServerCredentials(TlsFiles files);

}  // namespace perdure::server
