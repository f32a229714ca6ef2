#include "server/auth/token_seal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>

#include "base/check.h"

namespace perdure::server {
namespace {

constexpr char kFormat = 1;
constexpr size_t kTagSize = 16;

using Tag = std::array<unsigned char, kTagSize>;

struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

}  // namespace

// An HMAC that has taken its key; each use copies its state.
class TokenSealer::Mac {
 public:
  explicit Mac(std::string_view key)
      : mac_(EVP_MAC_fetch(nullptr, "HMAC", nullptr)), keyed_(EVP_MAC_CTX_new(mac_.get())) {
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    PERDURE_CHECK(EVP_MAC_init(keyed_.get(), reinterpret_cast<const unsigned char*>(key.data()), key.size(),
                               parameters) == 1,
                  "OpenSSL has no HMAC-SHA256");
  }

  Tag Of(TokenKind kind, std::string_view body) const {
    std::unique_ptr<EVP_MAC_CTX, FreeMac> context(EVP_MAC_CTX_dup(keyed_.get()));
    const auto kind_byte = static_cast<unsigned char>(kind);
    std::array<unsigned char, 32> whole;
    size_t size = 0;
    PERDURE_CHECK(context != nullptr && EVP_MAC_update(context.get(), &kind_byte, 1) == 1 &&
                      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(body.data()),
                                     body.size()) == 1 &&
                      EVP_MAC_final(context.get(), whole.data(), &size, whole.size()) == 1,
                  "HMAC-SHA256 failed");
    Tag tag;
    std::copy_n(whole.begin(), kTagSize, tag.begin());
    return tag;
  }

 private:
  std::unique_ptr<EVP_MAC, FreeMac> mac_;
  std::unique_ptr<EVP_MAC_CTX, FreeMac> keyed_;
};

TokenSealer::TokenSealer(std::string_view key) {
  PERDURE_CHECK(!key.empty(), "a token key must not be empty");
  mac_ = std::make_unique<Mac>(key);
}

TokenSealer::~TokenSealer() = default;

std::string TokenSealer::Seal(TokenKind kind, const google::protobuf::MessageLite& token) const {
  std::string sealed(1, kFormat);
  token.AppendToString(&sealed);
  const Tag tag = mac_->Of(kind, sealed);
  sealed.append(reinterpret_cast<const char*>(tag.data()), tag.size());
  return sealed;
}

bool TokenSealer::Open(TokenKind kind, std::string_view sealed, google::protobuf::MessageLite& token) const {
  if (sealed.size() < 1 + kTagSize || sealed.front() != kFormat) return false;
  const std::string_view body = sealed.substr(0, sealed.size() - kTagSize);
  const Tag tag = mac_->Of(kind, body);
  if (CRYPTO_memcmp(tag.data(), sealed.data() + body.size(), kTagSize) != 0) return false;
  return token.ParseFromArray(body.data() + 1, static_cast<int>(body.size() - 1));
}

}  // namespace perdure::server
