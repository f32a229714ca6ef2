// Apply: folds one stored record.

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/nesting.h"
#include "engine/workflow/fold/apply.h"
#include "engine/workflow/fold/check_record.h"
#include "engine/workflow/workflow.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow {
namespace {

using google::protobuf::io::CodedInputStream;
using temporal::api::history::v1::HistoryEvent;

constexpr uint32_t kField1LengthDelimited = 0x0A;

absl::Status Damaged(const State& state, const Record& record, std::string_view what) {
  return absl::DataLossError(absl::StrCat("record ", record.sequence, " of run ",
                                          state.facts->run_id.ToString(), ": ", std::string(what)));
}

// Reads the next framed event; null when the bytes are none.
EventPtr ReadFramed(CodedInputStream& input, size_t& framed_bytes) {
  const int begin = input.CurrentPosition();
  int size = 0;
  if (input.ReadTag() != kField1LengthDelimited || !input.ReadVarintSizeAsInt(&size)) return nullptr;
  auto event = std::make_shared<HistoryEvent>();
  const auto limit = input.PushLimit(size);
  if (!event->MergeFromCodedStream(&input) || input.BytesUntilLimit() != 0) return nullptr;
  input.PopLimit(limit);
  framed_bytes = static_cast<size_t>(input.CurrentPosition() - begin);
  return event;
}

class ChangeReader {
 public:
  explicit ChangeReader(const perdure::engine::Changes& changes) : changes_(changes) {}

  // Applies the changes that were made before the next event. Returns what is wrong with one, or "".
  std::string_view ApplyDue(State& state) {
    while (next_ < changes_.changes_size() && changes_.changes(next_).at_event_id() == state.next_event_id) {
      const perdure::engine::Change& change = changes_.changes(next_++);
      if (const std::string_view wrong = WrongWithChange(state, change); !wrong.empty()) return wrong;
      ApplyChange(state, change);
    }
    return {};
  }
  bool done() const { return next_ == changes_.changes_size(); }

 private:
  const perdure::engine::Changes& changes_;
  int next_ = 0;
};

}  // namespace

absl::Status Apply(State& state, const Record& record) {
  if (record.first_event_id != state.next_event_id) {
    return Damaged(
        state, record,
        absl::StrCat("begins at event ", record.first_event_id, ", expected was ", state.next_event_id));
  }
  if (record.sequence <= state.last_sequence) {
    return Damaged(state, record, absl::StrCat("follows record ", state.last_sequence));
  }
  if (record.event_count < 0) return Damaged(state, record, "its number of events");
  perdure::engine::Changes changes;
  if (!ParseStored(record.changes, changes)) return Damaged(state, record, "its changes cannot be read");
  ChangeReader reader(changes);
  google::protobuf::io::ArrayInputStream bytes(record.events.data(), static_cast<int>(record.events.size()));
  CodedInputStream input(&bytes);
  input.SetRecursionLimit(limits::kReadNesting);
  for (int32_t i = 0; i < record.event_count; ++i) {
    if (const std::string_view wrong = reader.ApplyDue(state); !wrong.empty())
      return Damaged(state, record, wrong);
    size_t framed_bytes = 0;
    const EventPtr event = ReadFramed(input, framed_bytes);
    if (event == nullptr || event->event_id() != state.next_event_id) {
      return Damaged(state, record, absl::StrCat("event ", state.next_event_id, " cannot be read"));
    }
    if (const std::string_view wrong = WrongWithEvent(state, *event); !wrong.empty())
      return Damaged(state, record, wrong);
    ApplyEvent(state, event, framed_bytes);
  }
  if (const std::string_view wrong = reader.ApplyDue(state); !wrong.empty())
    return Damaged(state, record, wrong);
  if (!reader.done() || input.CurrentPosition() != static_cast<int>(record.events.size())) {
    return Damaged(state, record, "it holds more than it says");
  }
  if (const std::string_view wrong = WrongWithState(state); !wrong.empty())
    return Damaged(state, record, wrong);
  state.last_sequence = record.sequence;
  return absl::OkStatus();
}

}  // namespace perdure::engine::workflow
