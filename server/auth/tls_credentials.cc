#include "server/auth/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <string>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"

namespace perdure::server {
namespace {

// gRPC's C++ interface watches files on a timer and drops a certificate as soon as a file is half written.
// Its C interface asks at each handshake instead.
class Credentials final : public grpc::ServerCredentials {
 public:
  explicit Credentials(std::shared_ptr<TlsSource> source) : source_(std::move(source)) {
    const auto clients = source_->AsksClients() ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(clients, &Credentials::Fetch, this));
    PERDURE_CHECK(credentials_ != nullptr, "gRPC makes credentials with a fetcher");
  }
  ~Credentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    PERDURE_CHECK(false, "calls are authorised by the frontend");
  }

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(void* self,
                                                         grpc_ssl_server_certificate_config** config) {
    return static_cast<Credentials*>(self)->Fetch(config);
  }

  // On gRPC's threads, before each handshake.
  grpc_ssl_certificate_config_reload_status Fetch(grpc_ssl_server_certificate_config** config) {
    auto content = source_->Current();
    const MutexLock lock(mutex_);
    if (content == fetched_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    fetched_ = std::move(content);
    const grpc_ssl_pem_key_cert_pair pair = {fetched_->key.c_str(), fetched_->certificate.c_str()};
    // It wants authorities even where no client is asked for a certificate.
    const std::string& roots = source_->AsksClients() ? fetched_->client_ca : fetched_->certificate;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const std::shared_ptr<TlsSource> source_;
  grpc_server_credentials* credentials_ = nullptr;

  Mutex mutex_;
  std::shared_ptr<const TlsContent> fetched_ ABSL_GUARDED_BY(mutex_);  // null before the first handshake
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsServerCredentials(std::shared_ptr<TlsSource> source) {
  return std::make_shared<Credentials>(std::move(source));
}

}  // namespace perdure::server
