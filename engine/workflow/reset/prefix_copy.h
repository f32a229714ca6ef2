// The beginning of a run's log, made the beginning of another's: the same events, byte for byte, and of the
// changes those that say more of one of them (change_table.h), in rows of a bounded size.
//
// Not thread-safe. Errors: DATA_LOSS when what is read does not follow on what was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "engine/workflow/state.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow {

class PrefixCopy {
 public:
  // `created`: the new run's first change. REQUIRES: last_event_id >= 1.
  PrefixCopy(perdure::engine::Change created, int64_t last_event_id)
      : created_(std::move(created)), last_event_id_(last_event_id) {}

  // All is taken.
  bool IsWhole() const { return next_event_id_ > last_event_id_; }
  int64_t next_event_id() const { return next_event_id_; }
  // The last event stands inside a record: what was decided with it is not all there.
  bool is_cut() const { return cut_; }

  // Takes what is wanted of the next record, and folds into `state` and adds to `ready` what is complete of
  // it. REQUIRES: !IsWhole().
  absl::Status Take(const Record& record, State& state, std::vector<Record>& ready);

 private:
  absl::Status AddEvents(const Record& record);
  absl::Status AddChanges(const Record& record);
  absl::Status Close(State& state, std::vector<Record>& ready);

  const perdure::engine::Change created_;
  const int64_t last_event_id_;
  int64_t next_event_id_ = 1;
  bool cut_ = false;
  Record open_;
  perdure::engine::Changes open_changes_;
};

}  // namespace perdure::engine::workflow
