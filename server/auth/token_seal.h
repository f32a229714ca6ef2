// Seals the tokens that clients hand back (perdure/token.proto), so that what comes back is what this cluster
// made, of the kind that was asked for. Not encrypted: a token holds nothing that its client does not know.
//
// A sealed token is a format byte, the serialized message, and 16 bytes of HMAC-SHA256 over kind, format and
// message. A token names its namespace; whoever opens one compares it with the namespace of the call.
//
// Thread safety: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "google/protobuf/message_lite.h"

namespace perdure::server {

enum class TokenKind : uint8_t {
  kTask = 1,
  kHistoryPage = 2,
  kListPage = 3,
  kNamespacePage = 4,
  kWorkerPage = 5,
  kActivityPoll = 6,
  kQueryTask = 7,
};

class TokenSealer {
 public:
  // REQUIRES: `key` is not empty.
  explicit TokenSealer(std::string_view key);
  ~TokenSealer();
  TokenSealer(const TokenSealer&) = delete;
  TokenSealer& operator=(const TokenSealer&) = delete;

  std::string Seal(TokenKind kind, const google::protobuf::MessageLite& token) const;
  // False: the bytes are no token of this kind that this cluster made. `token` is then unspecified.
  bool Open(TokenKind kind, std::string_view sealed, google::protobuf::MessageLite& token) const;

 private:
  class Mac;
  std::unique_ptr<Mac> mac_;
};

}  // namespace perdure::server
