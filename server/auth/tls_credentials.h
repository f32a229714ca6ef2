// TLS for gRPC's port. Each handshake takes the material that is in use then.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/auth/tls_source.h"

namespace perdure::server {

// Where the source asks clients for certificates, those without one of its authority's are refused.
std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(std::shared_ptr<TlsSource> source);

}  // namespace perdure::server
