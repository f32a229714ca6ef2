// A stored log as a release wrote it, kept for the releases after it: they must fold it to what it meant
// then. Unit tests write one for each entity that they make while PERDURE_WRITE_FIXTURES names a folder;
// scripts/write_fixtures.py keeps as few of them as cover all that is written, in
// tests/fixtures/<kind>/<release>/.
//
// Thread safety: values; a recorder is used by one thread. Uses Catch2's REQUIRE: only inside a test case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/entity.h"
#include "google/protobuf/message.h"

namespace perdure::engine::testing {

struct StoredLog {
  std::vector<Record> records;    // the whole log
  int64_t snapshot_sequence = 0;  // the record up to which the snapshot reaches
  std::string snapshot;           // as stored
  std::string state_at_snapshot;  // the snapshot's message in protobuf's text format
  std::string state;              // the same of the whole log

  // `covers` are told as comments at its head.
  std::string ToText(const std::set<std::string>& covers) const;
  // INVALID_ARGUMENT for what ToText did not write.
  static absl::StatusOr<StoredLog> Parse(std::string_view text);
};

// All that are kept below `folder`, in order; fails the test when there are none.
std::vector<std::filesystem::path> StoredLogFiles(const std::filesystem::path& folder);
// Fails the test when the file is no log.
StoredLog ReadStoredLog(const std::filesystem::path& path);

// The names of the fields that are set.
std::set<std::string> FieldsOf(const google::protobuf::Message& message);

// Follows one log, and keeps the snapshot that says most.
class StoredLogRecorder {
 public:
  StoredLogRecorder();

  // Whether logs are recorded at all.
  bool IsOn() const { return !folder_.empty(); }
  // `snapshot` parses as `parsed`, in which `fields` are set, and is the state after `records` and those
  // before.
  void Add(const std::vector<Record>& records, const std::string& snapshot,
           const google::protobuf::Message& parsed, size_t fields);
  const StoredLog& log() const { return log_; }
  // Writes what was followed, if anything was; what comes next is another log.
  void Finish(const std::set<std::string>& covers);

 private:
  const std::string folder_;
  StoredLog log_;
  size_t most_fields_ = 0;
};

}  // namespace perdure::engine::testing
