#include "server/auth/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <mutex>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log_fields.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

// gRPC's C++ interface watches files on a timer and drops a certificate as soon as a file is half written.
// Its C interface asks at each handshake instead.
class Credentials final : public grpc::ServerCredentials {
 public:
  Credentials(TlsFiles files, std::string mark, TlsContent content)
      : files_(std::move(files)), mark_(std::move(mark)), content_(std::move(content)) {
    const auto clients = files_.client_ca.empty()
                             ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                             : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
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
    const std::lock_guard lock(mutex_);
    const bool first = !std::exchange(fetched_, true);
    if (!Renew() && !first) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {content_.key.c_str(), content_.certificate.c_str()};
    // It wants authorities even where no client is asked for a certificate.
    const std::string& roots = files_.client_ca.empty() ? content_.certificate : content_.client_ca;
    *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  // True when the files hold something new that can be used.
  bool Renew() {
    std::string mark = TlsFilesMark(files_);
    if (mark == mark_) return false;
    mark_ = std::move(mark);
    auto content = ReadTlsFiles(files_);
    if (!content.ok()) {
      spdlog::error("{}", WithFields("a renewed certificate cannot be used, the one before stays in use",
                                     {{"error", StdView(content.status().message())}}));
      return false;
    }
    if (*content == content_) return false;
    content_ = *std::move(content);
    spdlog::info("{}",
                 WithFields("a renewed certificate is in use from now on", {{"file", files_.certificate}}));
    return true;
  }

  const TlsFiles files_;
  grpc_server_credentials* credentials_ = nullptr;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::string mark_;
  TlsContent content_;
  bool fetched_ = false;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsServerCredentials(TlsFiles files) {
  // Before the content, so that what changes in between is seen at the first handshake.
  std::string mark = TlsFilesMark(files);
  auto content = ReadTlsFiles(files);
  if (!content.ok()) return content.status();
  return std::make_shared<Credentials>(std::move(files), std::move(mark), *std::move(content));
}

}  // namespace perdure::server
