#include "server/auth/cluster_secret.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace perdure::server {
namespace {

std::string Derive(const Uuid& seed, std::string_view purpose, std::string_view secret) {
  std::string key(seed.View());
  key.append(secret);
  std::array<unsigned char, 32> out;
  unsigned size = 0;
  PERDURE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(), out.data(),
                     &size) != nullptr,
                "OpenSSL has no HMAC-SHA256");
  return std::string(reinterpret_cast<const char*>(out.data()), size);
}

Uuid ToUuid(const std::string& derived) {
  Uuid id;
  std::copy_n(derived.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);  // version 4
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);  // its variant
  return id;
}

}  // namespace

Uuid PublicClusterId(const Uuid& seed) { return ToUuid(Derive(seed, "perdure: public cluster id", {})); }

std::string TokenKey(const Uuid& seed, std::string_view secret) {
  return Derive(seed, "perdure: token key", secret);
}

}  // namespace perdure::server
