// What releases have stored, folded by this one (tests/fixtures/workflow).
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/workflow/fold/event_table.h"
#include "engine/workflow/testing/each_event.h"
#include "engine/workflow/testing/fixture.h"
#include "perdure/record.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

std::vector<std::filesystem::path> FixtureFiles() {
  return engine::testing::StoredLogFiles(std::filesystem::path(PERDURE_FIXTURES) / "workflow");
}

Fixture ReadFixture(const std::filesystem::path& path) {
  return Fixture(engine::testing::ReadStoredLog(path));
}

State Folded(State state, const std::vector<Record>& records, int64_t after, int64_t to) {
  for (const Record& record : records) {
    if (record.sequence <= after || record.sequence > to) continue;
    const absl::Status applied = Apply(state, record);
    INFO("record " << record.sequence << ": " << applied);
    REQUIRE(applied.ok());
  }
  return state;
}

void CheckCovered(const std::set<std::string>& covered, const std::string& what) {
  INFO(what << ": run scripts/write_fixtures.py");
  CHECK(covered.contains(what));
}

}  // namespace

TEST_CASE("what earlier releases stored folds to the state that it meant") {
  for (const auto& path : FixtureFiles()) {
    INFO(path);
    const Fixture fixture = ReadFixture(path);
    const int64_t last = fixture.records.back().sequence;
    CHECK(IsState(Folded({}, fixture.records, 0, last), fixture.state));
    CHECK(IsState(Folded({}, fixture.records, 0, fixture.snapshot_sequence), fixture.state_at_snapshot));
    const absl::StatusOr<State> snapshot = DecodeSnapshot(fixture.snapshot);
    REQUIRE(snapshot.ok());
    CHECK(IsState(*snapshot, fixture.state_at_snapshot));
    CHECK(IsState(Folded(*snapshot, fixture.records, fixture.snapshot_sequence, last), fixture.state));
  }
}

TEST_CASE("what earlier releases stored folds up to each event") {
  for (const auto& path : FixtureFiles()) {
    INFO(path);
    const Fixture fixture = ReadFixture(path);
    EachEvent each_event;
    each_event.Add(fixture.records, Folded({}, fixture.records, 0, fixture.records.back().sequence));
  }
}

TEST_CASE("each kind of change and each type of event that is written has a fixture") {
  std::set<std::string> covered;
  for (const auto& path : FixtureFiles()) covered.merge(ReadFixture(path).Covers());
  const auto* kinds = perdure::engine::Change::descriptor()->FindOneofByName("kind");
  REQUIRE(kinds != nullptr);
  for (int i = 0; i < kinds->field_count(); ++i) {
    CheckCovered(covered, absl::StrCat("change ", kinds->field(i)->name()));
  }
  const auto* types = temporal::api::enums::v1::EventType_descriptor();
  for (int i = 0; i < types->value_count(); ++i) {
    if (FindEventRow(static_cast<temporal::api::enums::v1::EventType>(types->value(i)->number())) == nullptr)
      continue;
    CheckCovered(covered, absl::StrCat("event ", types->value(i)->name()));
  }
}

}  // namespace perdure::engine::workflow::testing
