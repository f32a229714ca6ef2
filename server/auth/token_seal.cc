#include "server/auth/token_seal.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace perdure::server {
namespace {

constexpr char kFormat = 1;
constexpr size_t kTagSize = 16;

using Tag = std::array<unsigned char, kTagSize>;

constexpr size_t kBlockSize = SHA256_CBLOCK;
constexpr unsigned char kInnerPad = 0x36;
constexpr unsigned char kOuterPad = 0x5c;

// The state of SHA-256 behind the key's block, each byte of which is XORed with `pad`.
SHA256_CTX Keyed(std::array<unsigned char, kBlockSize> key, unsigned char pad) {
  for (unsigned char& byte : key) byte ^= pad;
  SHA256_CTX state{};
  SHA256_Init(&state);
  SHA256_Update(&state, key.data(), key.size());
  return state;
}

}  // namespace

// HMAC-SHA256 (RFC 2104) that has taken its key: each use copies two states, and allocates nothing. OpenSSL's
// EVP_MAC takes as many instructions again as the hashing, several times a workflow.
class TokenSealer::Mac {
 public:
  explicit Mac(std::string_view key) {
    std::array<unsigned char, kBlockSize> block{};
    if (key.size() > block.size()) {
      SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(), block.data());
    } else {
      std::copy(key.begin(), key.end(), block.begin());
    }
    inner_ = Keyed(block, kInnerPad);
    outer_ = Keyed(block, kOuterPad);
    OPENSSL_cleanse(block.data(), block.size());
  }

  Tag Of(TokenKind kind, std::string_view body) const {
    const auto kind_byte = static_cast<unsigned char>(kind);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256_CTX state = inner_;
    SHA256_Update(&state, &kind_byte, 1);
    SHA256_Update(&state, body.data(), body.size());
    SHA256_Final(digest.data(), &state);
    state = outer_;
    SHA256_Update(&state, digest.data(), digest.size());
    SHA256_Final(digest.data(), &state);
    Tag tag{};
    std::copy_n(digest.begin(), kTagSize, tag.begin());
    return tag;
  }

 private:
  SHA256_CTX inner_{};
  SHA256_CTX outer_{};
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
