// A stored log as a release wrote it, kept for the releases after it: they must fold it to what it meant
// then. TestRun writes one for each run of a unit test while PERDURE_WRITE_FIXTURES names a folder;
// scripts/write_fixtures.py keeps as few of them as cover all that is written, in
// tests/fixtures/workflow/<release>/.
//
// Thread safety: values; a recorder is used by one thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow::testing {

struct Fixture {
  std::vector<Record> records;    // the whole log
  int64_t snapshot_sequence = 0;  // the record up to which the snapshot reaches
  std::string snapshot;           // as stored
  std::string state_at_snapshot;  // perdure.engine.Snapshot in protobuf's text format
  std::string state;              // the same of the whole log

  // "change <field of perdure.engine.Change>", "event <EventType>", "snapshot <field of Snapshot>".
  std::set<std::string> Covers() const;
  std::string ToText() const;
  // INVALID_ARGUMENT for what ToText did not write.
  static absl::StatusOr<Fixture> Parse(std::string_view text);
};

// The durable part of a state in protobuf's text format.
std::string StateText(const State& state);
// Whether it is the same: fields that the text does not name must be unset.
bool IsState(const State& state, const std::string& text);

// Follows one run, and writes its fixture at the end.
class FixtureRecorder {
 public:
  FixtureRecorder();
  ~FixtureRecorder() { Finish(); }
  FixtureRecorder(const FixtureRecorder&) = delete;
  FixtureRecorder& operator=(const FixtureRecorder&) = delete;

  // `state`: what the records so far fold to.
  void Add(const std::vector<Record>& records, const State& state);
  // What follows is another run.
  void Finish();

 private:
  const std::string folder_;  // empty: nothing is recorded
  Fixture fixture_;
  size_t most_fields_ = 0;
};

}  // namespace perdure::engine::workflow::testing
