#include "server/wire/wire_tls.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "base/log_fields.h"
#include "spdlog/spdlog.h"

namespace perdure::server {
namespace {

struct FreeOne {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

using Pem = std::unique_ptr<BIO, FreeOne>;
Pem PemOf(const std::string& text) {
  return Pem(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
std::unique_ptr<X509, FreeOne> NextCertificate(const Pem& pem) {
  return std::unique_ptr<X509, FreeOne>(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
}

// HTTP/2, or the handshake fails: what speaks something else is not to be guessed at.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                   unsigned int in_size, void*) {
  // What is chosen points into it.
  static constexpr std::array<unsigned char, 3> kH2 = {2, 'h', '2'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kH2.data(), kH2.size(), in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool UseCertificate(SSL_CTX* context, const TlsContent& content) {
  const Pem chain = PemOf(content.certificate);
  const auto leaf = NextCertificate(chain);
  const std::unique_ptr<EVP_PKEY, FreeOne> key(
      PEM_read_bio_PrivateKey(PemOf(content.key).get(), nullptr, nullptr, nullptr));
  if (leaf == nullptr || key == nullptr || SSL_CTX_use_certificate(context, leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return false;
  }
  for (auto more = NextCertificate(chain); more != nullptr; more = NextCertificate(chain)) {
    if (SSL_CTX_add1_chain_cert(context, more.get()) != 1) return false;
  }
  return true;
}

bool AskClients(SSL_CTX* context, const std::string& authorities) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const Pem pem = PemOf(authorities);
  bool any = false;
  for (auto one = NextCertificate(pem); one != nullptr; one = NextCertificate(pem)) {
    if (X509_STORE_add_cert(store, one.get()) != 1 || SSL_CTX_add_client_CA(context, one.get()) != 1)
      return false;
    any = true;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return any;
}

}  // namespace

std::shared_ptr<SSL_CTX> WireTls::Context() {
  auto content = source_->Current();
  const MutexLock lock(mutex_);
  if (content == content_) return context_;
  content_ = std::move(content);
  if (auto made = Make(*content_); made != nullptr) context_ = std::move(made);
  return context_;
}

std::shared_ptr<SSL_CTX> WireTls::Make(const TlsContent& content) const {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  // A connection that is quiet gives its buffers back.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseProtocol, nullptr);
  if (UseCertificate(context.get(), content) &&
      (!source_->AsksClients() || AskClients(context.get(), content.client_ca))) {
    return context;
  }
  spdlog::error("{}", WithFields("OpenSSL refuses the certificates, those before stay in use", {}));
  return nullptr;
}

}  // namespace perdure::server
