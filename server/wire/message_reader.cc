#include "server/wire/message_reader.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/limits.h"
#include "server/frontend/call_errors.h"

namespace perdure::server {
namespace {

constexpr size_t kPrefix = 5;

absl::Status TooLarge(size_t size) {
  return OfCaller(absl::ResourceExhaustedError(
      fmt::format("grpc: received message larger than max ({} vs. {})", size, limits::kGrpcMessage)));
}

absl::StatusOr<std::string> Decompressed(std::string_view bytes) {
  constexpr int kGzipOrZlib = 15 + 32;  // zlib tells them apart
  z_stream stream{};
  if (inflateInit2(&stream, kGzipOrZlib) != Z_OK) return absl::InternalError("zlib cannot begin");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string whole;
  size_t size = 0;
  int result = Z_OK;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): zeroing it costs more than most messages do.
  std::array<char, 16 * 1024> chunk;
  while ((result == Z_OK || result == Z_BUF_ERROR) && size <= limits::kGrpcReceive) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = chunk.size();
    // Told that no more will come, zlib makes and fills no window for a message that ends in this chunk. One
    // that does not end in it is Z_BUF_ERROR, and goes on.
    result = inflate(&stream, Z_FINISH);
    const size_t got = chunk.size() - stream.avail_out;
    size += got;
    // Beyond the limit it is only counted, for the error's text.
    if (size <= limits::kGrpcMessage) whole.append(chunk.data(), got);
    if (got == 0) break;
  }
  inflateEnd(&stream);
  if (size > limits::kGrpcMessage) return TooLarge(size);
  if (result != Z_STREAM_END) return absl::InternalError("grpc: failed to decompress the message");
  return whole;
}

}  // namespace

std::optional<MessageReader::Encoding> MessageReader::EncodingOf(std::string_view name) {
  if (name.empty() || name == "identity") return Encoding::kIdentity;
  if (name == "gzip") return Encoding::kGzip;
  if (name == "deflate") return Encoding::kDeflate;
  return std::nullopt;
}

absl::Status MessageReader::ReadPrefix() {
  if (expected_ != 0 || buffer_.size() < kPrefix) return absl::OkStatus();
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>(buffer_[at])); };
  if (byte(0) > 1) return absl::InternalError("grpc: the message begins with a flag that is not known");
  if (byte(0) == 1 && encoding_ == Encoding::kIdentity) {
    return absl::InternalError("grpc: compressed flag set with identity or empty encoding");
  }
  const size_t size = (byte(1) << 24) | (byte(2) << 16) | (byte(3) << 8) | byte(4);
  if (size > limits::kGrpcMessage) return TooLarge(size);
  expected_ = kPrefix + size;
  return absl::OkStatus();
}

absl::Status MessageReader::Add(std::string_view bytes) {
  buffer_.append(bytes);
  return ReadPrefix();
}

absl::StatusOr<std::optional<std::string>> MessageReader::Next() {
  if (expected_ == 0 || buffer_.size() < expected_) return std::nullopt;
  const bool compressed = buffer_[0] == 1;
  std::string rest = buffer_.substr(expected_);
  buffer_.resize(expected_);
  std::string message = std::exchange(buffer_, std::move(rest));
  message.erase(0, kPrefix);
  expected_ = 0;
  absl::Status prefix = ReadPrefix();
  if (!prefix.ok()) return prefix;
  if (!compressed) return message;
  auto whole = Decompressed(message);
  if (!whole.ok()) return whole.status();
  return *std::move(whole);
}

}  // namespace perdure::server
