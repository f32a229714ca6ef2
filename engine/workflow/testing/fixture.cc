#include "engine/workflow/testing/fixture.h"

#include <catch2/catch.hpp>

#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/testing/test_run.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "perdure/record.pb.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

perdure::engine::Snapshot SnapshotOf(const std::string& bytes) {
  perdure::engine::Snapshot snapshot;
  REQUIRE(snapshot.ParseFromString(bytes));
  return snapshot;
}

}  // namespace

bool IsState(const State& state, const std::string& text) {
  perdure::engine::Snapshot expected;
  if (!google::protobuf::TextFormat::ParseFromString(text, &expected)) return false;
  return google::protobuf::util::MessageDifferencer::Equals(expected, SnapshotOf(EncodeSnapshot(state)));
}

std::set<std::string> Fixture::Covers() const {
  std::set<std::string> covers;
  for (const Record& record : records) {
    for (const HistoryEvent& event : ParseFramed(record.events)) {
      covers.insert("event " + temporal::api::enums::v1::EventType_Name(event.event_type()));
    }
    perdure::engine::Changes changes;
    REQUIRE(changes.ParseFromString(record.changes));
    for (const auto& change : changes.changes()) {
      REQUIRE(FindChangeRow(change.kind_case()) != nullptr);
      covers.insert("change " + std::string(NameOf(change.kind_case())));
    }
  }
  for (const std::string& field : engine::testing::FieldsOf(SnapshotOf(snapshot))) {
    covers.insert("snapshot " + field);
  }
  return covers;
}

void FixtureRecorder::Add(const std::vector<Record>& records, const State& state) {
  if (!recorder_.IsOn()) return;
  const std::string snapshot = EncodeSnapshot(state);
  const perdure::engine::Snapshot parsed = SnapshotOf(snapshot);
  recorder_.Add(records, snapshot, parsed, engine::testing::FieldsOf(parsed).size());
}

void FixtureRecorder::Finish() {
  if (recorder_.IsOn()) recorder_.Finish(Fixture(recorder_.log()).Covers());
}

}  // namespace perdure::engine::workflow::testing
