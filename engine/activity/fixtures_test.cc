// What releases have stored of activities on their own, folded by this one (tests/fixtures/activity).
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/activity/testing/test_activity.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace perdure::engine::activity::testing {
namespace {

std::vector<std::filesystem::path> Files() {
  return engine::testing::StoredLogFiles(std::filesystem::path(PERDURE_FIXTURES) / "activity");
}

State FoldedOn(State state, const std::vector<Record>& records, int64_t after, int64_t to) {
  for (const Record& record : records) {
    if (record.sequence <= after || record.sequence > to) continue;
    const absl::Status applied = Apply(state, record);
    INFO("record " << record.sequence << ": " << applied);
    REQUIRE(applied.ok());
  }
  return state;
}

bool Means(const State& state, const std::string& text) {
  perdure::engine::ActivitySnapshot expected;
  perdure::engine::ActivitySnapshot got;
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, &expected));
  REQUIRE(got.ParseFromString(EncodeSnapshot(state)));
  return google::protobuf::util::MessageDifferencer::Equals(expected, got);
}

// The names of the fields of a message of ours and of those of ours that it holds.
void AddAll(const google::protobuf::Descriptor& message, const std::string& prefix,
            std::set<std::string>& names) {
  for (int i = 0; i < message.field_count(); ++i) {
    const auto& field = *message.field(i);
    const std::string name = absl::StrCat(prefix, field.name());
    names.insert(name);
    if (field.message_type() == nullptr || field.message_type()->file() != message.file()) continue;
    AddAll(*field.message_type(), name + ".", names);
  }
}

}  // namespace

TEST_CASE("what earlier releases stored of an activity folds to the state that it meant") {
  for (const auto& path : Files()) {
    INFO(path);
    const engine::testing::StoredLog log = engine::testing::ReadStoredLog(path);
    const int64_t last = log.records.back().sequence;
    CHECK(Means(FoldedOn({}, log.records, 0, last), log.state));
    CHECK(Means(FoldedOn({}, log.records, 0, log.snapshot_sequence), log.state_at_snapshot));
    const absl::StatusOr<State> snapshot = DecodeSnapshot(log.snapshot);
    REQUIRE(snapshot.ok());
    CHECK(Means(*snapshot, log.state_at_snapshot));
    CHECK(Means(FoldedOn(*snapshot, log.records, log.snapshot_sequence, last), log.state));
  }
}

TEST_CASE("each field of an activity's records and snapshots, and each status, has a fixture") {
  std::set<std::string> covered;
  for (const auto& path : Files()) covered.merge(CoversOf(engine::testing::ReadStoredLog(path)));
  std::set<std::string> expected;
  AddAll(*perdure::engine::ActivityChanges::descriptor(), "record ", expected);
  AddAll(*perdure::engine::ActivitySnapshot::descriptor(), "snapshot ", expected);
  const auto* statuses = ActivityControl::Status_descriptor();
  for (int i = 0; i < statuses->value_count(); ++i) {
    if (statuses->value(i)->number() == ActivityControl::STATUS_UNSPECIFIED) continue;
    expected.insert(absl::StrCat("status ", statuses->value(i)->name()));
  }
  for (const std::string& one : expected) {
    INFO(one << ": run scripts/write_fixtures.py");
    CHECK(covered.contains(one));
  }
}

}  // namespace perdure::engine::activity::testing
