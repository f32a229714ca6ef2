#include "base/ids.h"

#include <algorithm>

namespace perdure {
namespace {

constexpr size_t kTextSize = 36;
constexpr std::array<size_t, 4> kDashes = {8, 13, 18, 23};

// Where the two digits of each byte stand.
constexpr std::array<size_t, 16> kDigits = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

// Texts are read and written several times a workflow, so digits are looked up, not computed.
constexpr char kHex[] = "0123456789abcdef";
constexpr auto kHexValues = [] {
  std::array<int8_t, 256> values{};
  for (int8_t& value : values) value = -1;
  for (int8_t i = 0; i < 16; ++i) {
    const auto digit = static_cast<unsigned char>(kHex[i]);
    values[digit] = i;
    if (i >= 10) values[digit - 'a' + 'A'] = i;
  }
  return values;
}();

int HexValue(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

}  // namespace

Uuid Uuid::Mint(Random& random) {
  Uuid id;
  for (size_t half = 0; half < 2; ++half) {
    uint64_t bits = random.Next();
    for (size_t i = 0; i < 8; ++i, bits >>= 8) id.bytes[half * 8 + i] = static_cast<uint8_t>(bits);
  }
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  for (const size_t dash : kDashes) {
    if (text[dash] != '-') return std::nullopt;
  }
  Uuid id;
  int all = 0;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    const int value = HexValue(text[kDigits[i]]) * 16 | HexValue(text[kDigits[i] + 1]);
    all |= value;
    id.bytes[i] = static_cast<uint8_t>(value);
  }
  // One that is no digit is -1, whose sign stays.
  if (all < 0) return std::nullopt;
  return id;
}

std::optional<Uuid> Uuid::FromBytes(std::string_view raw) {
  Uuid id;
  if (raw.size() != id.bytes.size()) return std::nullopt;
  std::copy(raw.begin(), raw.end(), id.bytes.begin());
  return id;
}

std::string Uuid::ToString() const {
  std::array<char, kTextSize> text{};
  for (const size_t dash : kDashes) text[dash] = '-';
  for (size_t i = 0; i < bytes.size(); ++i) {
    text[kDigits[i]] = kHex[bytes[i] >> 4];
    text[kDigits[i] + 1] = kHex[bytes[i] & 0xf];
  }
  return {text.data(), text.size()};
}

uint64_t StableHash(std::string_view bytes, uint64_t seed) {
  uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char c : bytes) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  hash ^= hash >> 33;
  return hash;
}

ShardId ShardOf(const Uuid& namespace_id, std::string_view workflow_id) {
  return static_cast<ShardId>(StableHash(workflow_id, StableHash(namespace_id.View())) % kShardCount);
}

}  // namespace perdure
