// Stored rows may be damaged, or written by a release that this one does not know: folding one answers an
// error then, and never crashes. A state that folded without an error encodes to a snapshot that decodes to
// the same.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "engine/workflow/workflow.h"

namespace {

using perdure::engine::Record;
using perdure::engine::workflow::State;

// The input is taken apart: four lengths, then events and changes of two records, one folded on the other.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  Record NextRecord(const State& state) {
    Record record;
    record.first_event_id = state.next_event_id;
    record.sequence = state.last_sequence + 1;
    record.event_count = static_cast<int32_t>(NextByte() % 8);
    const size_t events = NextByte() << 8 | NextByte();
    record.events = Take(events);
    const size_t changes = NextByte() << 8 | NextByte();
    record.changes = Take(changes);
    return record;
  }

 private:
  size_t NextByte() {
    const std::string byte = Take(1);
    return byte.empty() ? 0 : static_cast<uint8_t>(byte[0]);
  }
  std::string Take(size_t count) {
    std::string taken(bytes_.substr(0, count));
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  State state;
  for (int i = 0; i < 2; ++i) {
    if (!perdure::engine::workflow::Apply(state, input.NextRecord(state)).ok()) return 0;
  }
  const std::string snapshot = EncodeSnapshot(state);
  const auto decoded = perdure::engine::workflow::DecodeSnapshot(snapshot);
  PERDURE_CHECK(decoded.ok(), "what was encoded decodes");
  PERDURE_CHECK(EncodeSnapshot(*decoded) == snapshot, "a snapshot holds the whole durable state");
  return 0;
}
