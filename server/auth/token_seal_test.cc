#include "server/auth/token_seal.h"

#include <openssl/hmac.h>

#include <array>

#include <catch2/catch.hpp>

#include "perdure/token.pb.h"
#include "server/auth/cluster_secret.h"

namespace perdure::server {
namespace {

TaskToken Sample() {
  TaskToken token;
  token.set_namespace_id("0123456789abcdef");
  token.set_workflow_id("order-1");
  token.set_scheduled_event_id(7);
  return token;
}

}  // namespace

TEST_CASE("a sealed token opens to what was sealed") {
  const TokenSealer sealer("key");
  TaskToken opened;
  REQUIRE(sealer.Open(TokenKind::kTask, sealer.Seal(TokenKind::kTask, Sample()), opened));
  CHECK(opened.workflow_id() == "order-1");
  CHECK(opened.scheduled_event_id() == 7);
}

TEST_CASE("a token with any byte changed, cut off or added does not open") {
  const TokenSealer sealer("key");
  const std::string sealed = sealer.Seal(TokenKind::kTask, Sample());
  TaskToken opened;
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(sealer.Open(TokenKind::kTask, changed, opened));
    CHECK_FALSE(sealer.Open(TokenKind::kTask, sealed.substr(0, i), opened));
  }
  CHECK_FALSE(sealer.Open(TokenKind::kTask, sealed + "x", opened));
}

TEST_CASE("a token ends in half of the HMAC-SHA256 over its kind and all before, as OpenSSL has it") {
  for (const size_t length : {1, 3, 63, 64, 65, 200}) {
    const std::string key(length, 'k');
    const std::string sealed = TokenSealer(key).Seal(TokenKind::kHistoryPage, Sample());
    constexpr size_t kTagSize = 16;
    const std::string covered = std::string(1, static_cast<char>(TokenKind::kHistoryPage)) +
                                sealed.substr(0, sealed.size() - kTagSize);
    std::array<unsigned char, EVP_MAX_MD_SIZE> tag{};
    REQUIRE(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                 reinterpret_cast<const unsigned char*>(covered.data()), covered.size(), tag.data(),
                 nullptr) != nullptr);
    CHECK(sealed.substr(sealed.size() - kTagSize) ==
          std::string(reinterpret_cast<const char*>(tag.data()), kTagSize));
  }
}

TEST_CASE("a token opens only as its kind and under its key") {
  const TokenSealer sealer("key");
  const std::string sealed = sealer.Seal(TokenKind::kTask, Sample());
  TaskToken opened;
  CHECK_FALSE(sealer.Open(TokenKind::kListPage, sealed, opened));
  CHECK_FALSE(TokenSealer("other key").Open(TokenKind::kTask, sealed, opened));
}

TEST_CASE("nodes of one cluster derive the same key; seed and secret each change it") {
  const Uuid seed = *Uuid::Parse("00000000-0000-4000-8000-000000000001");
  const Uuid other = *Uuid::Parse("00000000-0000-4000-8000-000000000002");
  CHECK(TokenKey(seed, "s") == TokenKey(seed, "s"));
  CHECK(TokenKey(seed, "s") != TokenKey(other, "s"));
  CHECK(TokenKey(seed, "s") != TokenKey(seed, "t"));
  CHECK(PublicClusterId(seed) == PublicClusterId(seed));
  CHECK(PublicClusterId(seed) != seed);
  CHECK(PublicClusterId(seed) != PublicClusterId(other));
}

}  // namespace perdure::server
