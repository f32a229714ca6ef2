#include "engine/workflow/testing/fixture.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "engine/workflow/fold/change_table.h"
#include "engine/workflow/testing/test_run.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "perdure/record.pb.h"
#include "perdure/snapshot.pb.h"

namespace perdure::engine::workflow::testing {
namespace {

// Bytes as a word of a line.
std::string Word(const std::string& bytes) {
  return bytes.empty() ? "-" : absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

bool ReadWord(std::istream& in, std::string& bytes) {
  std::string word;
  if (!(in >> word)) return false;
  bytes.clear();
  return word == "-" || absl::Base64Unescape(absl::string_view(word.data(), word.size()), &bytes);
}

// Lines that belong together begin with two spaces.
std::string Indented(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) absl::StrAppend(&out, "  ", line, "\n");
  return out;
}

perdure::engine::Snapshot SnapshotOf(const std::string& bytes) {
  perdure::engine::Snapshot snapshot;
  REQUIRE(snapshot.ParseFromString(bytes));
  return snapshot;
}

std::string TextOf(const std::string& bytes) {
  std::string text;
  REQUIRE(google::protobuf::TextFormat::PrintToString(SnapshotOf(bytes), &text));
  return text;
}

std::set<std::string> FieldsOf(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::set<std::string> names;
  for (const auto* field : fields) names.insert(std::string(field->name()));
  return names;
}

}  // namespace

std::string StateText(const State& state) { return TextOf(EncodeSnapshot(state)); }

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
  for (const std::string& field : FieldsOf(SnapshotOf(snapshot))) covers.insert("snapshot " + field);
  return covers;
}

std::string Fixture::ToText() const {
  std::string text;
  for (const std::string& covered : Covers()) absl::StrAppend(&text, "# ", covered, "\n");
  for (const Record& record : records) {
    absl::StrAppend(&text, "record ", record.sequence, " ", record.first_event_id, " ", record.event_count,
                    " ", Word(record.events), " ", Word(record.changes), "\n");
  }
  absl::StrAppend(&text, "snapshot ", snapshot_sequence, " ", Word(snapshot), "\n");
  absl::StrAppend(&text, "state_at_snapshot\n", Indented(state_at_snapshot));
  absl::StrAppend(&text, "state\n", Indented(state));
  return text;
}

absl::StatusOr<Fixture> Fixture::Parse(std::string_view text) {
  Fixture fixture;
  std::istringstream lines{std::string(text)};
  std::string* block = nullptr;
  for (std::string line; std::getline(lines, line);) {
    if (block != nullptr && line.starts_with("  ")) {
      absl::StrAppend(block, line.substr(2), "\n");
      continue;
    }
    block = nullptr;
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    Record record;
    if (kind == "#") continue;
    if (kind == "state_at_snapshot") {
      block = &fixture.state_at_snapshot;
    } else if (kind == "state") {
      block = &fixture.state;
    } else if (kind == "snapshot" && words >> fixture.snapshot_sequence &&
               ReadWord(words, fixture.snapshot)) {
    } else if (kind == "record" && words >> record.sequence >> record.first_event_id >> record.event_count &&
               ReadWord(words, record.events) && ReadWord(words, record.changes)) {
      fixture.records.push_back(std::move(record));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("not a line of a fixture: ", line));
    }
  }
  return fixture;
}

FixtureRecorder::FixtureRecorder()
    : folder_([] {
        const char* folder = std::getenv("PERDURE_WRITE_FIXTURES");  // NOLINT(concurrency-mt-unsafe)
        return std::string(folder == nullptr ? "" : folder);
      }()) {}

void FixtureRecorder::Add(const std::vector<Record>& records, const State& state) {
  if (folder_.empty() || records.empty()) return;
  fixture_.records.insert(fixture_.records.end(), records.begin(), records.end());
  const std::string snapshot = EncodeSnapshot(state);
  fixture_.state = TextOf(snapshot);
  const size_t fields = FieldsOf(SnapshotOf(snapshot)).size();
  if (fields <= most_fields_) return;
  most_fields_ = fields;
  fixture_.snapshot_sequence = state.last_sequence;
  fixture_.snapshot = snapshot;
  fixture_.state_at_snapshot = fixture_.state;
}

void FixtureRecorder::Finish() {
  static int number = 0;
  const Fixture fixture = std::exchange(fixture_, {});
  most_fields_ = 0;
  if (fixture.records.empty()) return;
  std::ofstream file(absl::StrCat(folder_, "/", number++, ".fixture"), std::ios::binary);
  file << fixture.ToText();
}

}  // namespace perdure::engine::workflow::testing
