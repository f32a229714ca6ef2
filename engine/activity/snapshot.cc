// EncodeSnapshot and DecodeSnapshot.

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/nesting.h"
#include "base/time.h"
#include "engine/activity/activity.h"
#include "engine/activity/check_state.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace perdure::engine::activity {

std::string EncodeSnapshot(const State& state) {
  ActivitySnapshot snapshot;
  *snapshot.mutable_created() = *state.created;
  *snapshot.mutable_sections() = state.sections;
  snapshot.set_last_sequence(state.last_sequence);
  *snapshot.mutable_last_step_time() = ToProto(state.last_step_time);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);  // headers and search attributes are maps
    snapshot.SerializeToCodedStream(&coded);
  }
  return bytes;
}

absl::StatusOr<State> DecodeSnapshot(std::string_view bytes) {
  ActivitySnapshot snapshot;
  if (!ParseStored(bytes, snapshot) || !snapshot.has_created()) {
    return absl::DataLossError("the snapshot of an activity cannot be read");
  }
  State state;
  state.created = std::make_shared<const ActivityCreated>(std::move(*snapshot.mutable_created()));
  state.sections = std::move(*snapshot.mutable_sections());
  state.last_sequence = snapshot.last_sequence();
  state.last_step_time = FromProto(snapshot.last_step_time());
  const std::string_view wrong = WrongWithState(state);
  if (!wrong.empty()) {
    return absl::DataLossError(absl::StrCat("the snapshot of an activity: ", std::string(wrong)));
  }
  return state;
}

}  // namespace perdure::engine::activity
