// A serialized reply in pieces, so that stored history is spliced into it without being parsed or copied.
// A value; not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "google/protobuf/message_lite.h"

namespace perdure::server {

class ReplyBytes {
 public:
  ReplyBytes() = default;
  explicit ReplyBytes(const google::protobuf::MessageLite& message) {
    pieces_.push_back(message.SerializeAsString());
  }

  // Adds an embedded message as field `number`, whose serialized bytes are `content`'s pieces one after the
  // other.
  void AppendMessage(int number, ReplyBytes content);
  // Adds serialized bytes as they are.
  void Append(std::string piece);

  size_t size() const;
  const std::vector<std::string>& pieces() const { return pieces_; }
  std::vector<std::string> TakePieces() && { return std::move(pieces_); }
  std::string Flat() const;

 private:
  std::vector<std::string> pieces_;
};

}  // namespace perdure::server
