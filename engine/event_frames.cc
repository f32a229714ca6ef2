#include "engine/event_frames.h"

#include <cstdint>
#include <optional>

#include "base/nesting.h"
#include "google/protobuf/io/coded_stream.h"

namespace perdure::engine {
namespace {

using google::protobuf::io::CodedOutputStream;
using temporal::api::history::v1::History;
using temporal::api::history::v1::HistoryEvent;

constexpr uint8_t kLengthDelimited = 2;
constexpr uint8_t kEventsTag = History::kEventsFieldNumber << 3 | kLengthDelimited;
constexpr int kVarintBits = 7;
constexpr int kMaxLengthBits = 35;

// What a frame is made of, both in bytes.
struct Parts {
  size_t header = 0;
  size_t event = 0;
};

// Of the frame at the beginning of `bytes`; nullopt when there is no whole one.
std::optional<Parts> FirstFrame(std::string_view bytes) {
  if (bytes.empty() || static_cast<uint8_t>(bytes.front()) != kEventsTag) return std::nullopt;
  uint64_t length = 0;
  size_t at = 1;
  for (int shift = 0;; shift += kVarintBits) {
    if (at == bytes.size() || shift >= kMaxLengthBits) return std::nullopt;
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    length |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  if (length > bytes.size() - at) return std::nullopt;
  return Parts{at, length};
}

}  // namespace

void AppendFramed(const HistoryEvent& event, std::string& out) {
  const size_t size = event.ByteSizeLong();
  uint8_t header[11] = {kEventsTag};
  const uint8_t* end = CodedOutputStream::WriteVarint64ToArray(static_cast<uint64_t>(size), header + 1);
  out.append(reinterpret_cast<const char*>(header), static_cast<size_t>(end - header));
  event.AppendToString(&out);
}

std::string_view TakeFrame(std::string_view& bytes) {
  const std::optional<Parts> parts = FirstFrame(bytes);
  if (!parts.has_value()) return {};
  const std::string_view frame = bytes.substr(0, parts->header + parts->event);
  bytes.remove_prefix(frame.size());
  return frame;
}

std::shared_ptr<const HistoryEvent> ParseFrame(std::string_view frame) {
  const std::optional<Parts> parts = FirstFrame(frame);
  if (!parts.has_value() || parts->header + parts->event != frame.size()) return nullptr;
  auto event = std::make_shared<HistoryEvent>();
  return ParseStored(frame.substr(parts->header), *event) ? event : nullptr;
}

}  // namespace perdure::engine
