// Logs of workflow runs as releases stored them (engine/values/testing/stored_log.h), and what of them is
// known of workflows alone: tests/fixtures/workflow.
//
// Thread safety: values; a recorder is used by one thread.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/values/testing/stored_log.h"
#include "engine/workflow/workflow.h"

namespace perdure::engine::workflow::testing {

// Its states are a perdure.engine.Snapshot.
struct Fixture : engine::testing::StoredLog {
  Fixture() = default;
  explicit Fixture(StoredLog log) : StoredLog(std::move(log)) {}
  // "change <field of perdure.engine.Change>", "event <EventType>", "snapshot <field of Snapshot>".
  std::set<std::string> Covers() const;
};

// Whether the state's durable part is the same: fields that the text does not name must be unset.
bool IsState(const State& state, const std::string& text);

// Follows one run, and writes its fixture at the end.
class FixtureRecorder {
 public:
  FixtureRecorder() = default;
  ~FixtureRecorder() { Finish(); }
  FixtureRecorder(const FixtureRecorder&) = delete;
  FixtureRecorder& operator=(const FixtureRecorder&) = delete;

  // `state`: what the records so far fold to.
  void Add(const std::vector<Record>& records, const State& state);
  // What follows is another run.
  void Finish();

 private:
  engine::testing::StoredLogRecorder recorder_;
};

}  // namespace perdure::engine::workflow::testing
