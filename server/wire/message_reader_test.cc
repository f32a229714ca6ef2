#include "server/wire/message_reader.h"

#include <zlib.h>

#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/limits.h"

namespace perdure::server {
namespace {

std::string Framed(std::string_view body, bool compressed = false) {
  std::string framed(1, compressed ? '\1' : '\0');
  for (const int shift : {24, 16, 8, 0}) framed += static_cast<char>((body.size() >> shift) & 0xFF);
  return framed + std::string(body);
}

std::string Gzipped(std::string_view plain) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// What the only message of these bytes is.
absl::StatusOr<std::optional<std::string>> Read(std::string_view bytes, MessageReader::Encoding encoding) {
  MessageReader reader;
  reader.set_encoding(encoding);
  absl::Status added = reader.Add(bytes);
  if (!added.ok()) return added;
  return reader.Next();
}
constexpr auto kIdentity = MessageReader::Encoding::kIdentity;
constexpr auto kGzip = MessageReader::Encoding::kGzip;

}  // namespace

TEST_CASE("messages are taken out of bytes that come one at a time") {
  MessageReader reader;
  std::string got;
  for (const char byte : Framed("one") + Framed("") + Framed("three")) {
    REQUIRE(reader.Add(std::string_view(&byte, 1)).ok());
    const auto next = reader.Next();
    REQUIRE(next.ok());
    if (next->has_value()) got += **next + ";";
  }
  CHECK(got == "one;;three;");
  CHECK(reader.held() == 0);
}

TEST_CASE("several messages of one piece come one by one") {
  MessageReader reader;
  REQUIRE(reader.Add(Framed("one") + Framed("two") + std::string(1, '\0')).ok());
  CHECK(*reader.Next() == "one");
  CHECK(*reader.Next() == "two");
  CHECK(*reader.Next() == std::nullopt);
}

TEST_CASE("a message over the limit is refused when its length is known") {
  MessageReader reader;
  const std::string prefix = Framed(std::string(limits::kGrpcMessage + 1, 'x')).substr(0, 5);
  const absl::Status refused = reader.Add(prefix);
  CHECK(refused.code() == absl::StatusCode::kResourceExhausted);
  CHECK(refused.message() == "grpc: received message larger than max (4194305 vs. 4194304)");
}

TEST_CASE("a message is decompressed, and its real size counts") {
  const std::string plain(100'000, 'x');
  CHECK(*Read(Framed(Gzipped(plain), true), kGzip) == plain);
  CHECK(*Read(Framed(plain, false), kGzip) == plain);
  const auto bomb = Read(Framed(Gzipped(std::string(limits::kGrpcMessage + 1, '\0')), true), kGzip);
  CHECK(bomb.status().code() == absl::StatusCode::kResourceExhausted);
}

TEST_CASE("what is no message is refused") {
  CHECK(Read(Framed("x", true), kIdentity).status().code() == absl::StatusCode::kInternal);
  CHECK(Read(Framed("not gzip", true), kGzip).status().code() == absl::StatusCode::kInternal);
  CHECK(Read(Framed(Gzipped("whole").substr(0, 12), true), kGzip).status().code() ==
        absl::StatusCode::kInternal);
  CHECK(Read(std::string("\2\0\0\0\0", 5), kGzip).status().code() == absl::StatusCode::kInternal);
}

TEST_CASE("encodings are known by their names") {
  CHECK(MessageReader::EncodingOf("") == kIdentity);
  CHECK(MessageReader::EncodingOf("gzip") == kGzip);
  CHECK_FALSE(MessageReader::EncodingOf("snappy").has_value());
}

}  // namespace perdure::server
