// Takes gRPC's messages out of the bytes of a stream: a flag, four bytes of length, then that many bytes,
// which may be compressed. A value; not thread-safe.
//
// Errors, after which it must not be given more: RESOURCE_EXHAUSTED for a message over limits::kGrpcMessage,
// in the words that the core SDK knows, as soon as its length is known; INTERNAL and UNIMPLEMENTED for what
// is no message of gRPC's. A compressed message counts as what it is decompressed, of which no more than
// limits::kGrpcReceive is looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace perdure::server {

class MessageReader {
 public:
  enum class Encoding { kIdentity, kGzip, kDeflate };

  // nullopt: an encoding that is not known.
  static std::optional<Encoding> EncodingOf(std::string_view name);

  void set_encoding(Encoding encoding) { encoding_ = encoding; }

  // More bytes of the stream.
  absl::Status Add(std::string_view bytes);
  // The next message that is whole; nullopt: none is.
  absl::StatusOr<std::optional<std::string>> Next();

  // Bytes that are held.
  size_t held() const { return buffer_.size(); }
  // How long the message will be that has begun, with its prefix; 0: that is not known yet.
  size_t expected() const { return expected_; }

 private:
  absl::Status ReadPrefix();

  Encoding encoding_ = Encoding::kIdentity;
  std::string buffer_;
  size_t expected_ = 0;
};

}  // namespace perdure::server
