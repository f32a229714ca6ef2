#include "engine/values/testing/stored_log.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

namespace perdure::engine::testing {
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

}  // namespace

std::string StoredLog::ToText(const std::set<std::string>& covers) const {
  std::string text;
  for (const std::string& covered : covers) absl::StrAppend(&text, "# ", covered, "\n");
  for (const Record& record : records) {
    absl::StrAppend(&text, "record ", record.sequence, " ", record.first_event_id, " ", record.event_count,
                    " ", Word(record.events), " ", Word(record.changes), "\n");
  }
  absl::StrAppend(&text, "snapshot ", snapshot_sequence, " ", Word(snapshot), "\n");
  absl::StrAppend(&text, "state_at_snapshot\n", Indented(state_at_snapshot));
  absl::StrAppend(&text, "state\n", Indented(state));
  return text;
}

absl::StatusOr<StoredLog> StoredLog::Parse(std::string_view text) {
  StoredLog log;
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
      block = &log.state_at_snapshot;
    } else if (kind == "state") {
      block = &log.state;
    } else if (kind == "snapshot" && words >> log.snapshot_sequence && ReadWord(words, log.snapshot)) {
    } else if (kind == "record" && words >> record.sequence >> record.first_event_id >> record.event_count &&
               ReadWord(words, record.events) && ReadWord(words, record.changes)) {
      log.records.push_back(std::move(record));
    } else {
      return absl::InvalidArgumentError(absl::StrCat("not a line of a fixture: ", line));
    }
  }
  return log;
}

std::vector<std::filesystem::path> StoredLogFiles(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".fixture") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE_FALSE(files.empty());
  return files;
}

StoredLog ReadStoredLog(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  absl::StatusOr<StoredLog> log = StoredLog::Parse(text.str());
  INFO(path << ": " << log.status());
  REQUIRE(log.ok());
  REQUIRE_FALSE(log->records.empty());
  return *std::move(log);
}

std::set<std::string> FieldsOf(const google::protobuf::Message& message) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::set<std::string> names;
  for (const auto* field : fields) names.insert(std::string(field->name()));
  return names;
}

StoredLogRecorder::StoredLogRecorder()
    : folder_([] {
        const char* folder = std::getenv("PERDURE_WRITE_FIXTURES");  // NOLINT(concurrency-mt-unsafe)
        return std::string(folder == nullptr ? "" : folder);
      }()) {}

void StoredLogRecorder::Add(const std::vector<Record>& records, const std::string& snapshot,
                            const google::protobuf::Message& parsed, size_t fields) {
  if (records.empty()) return;
  log_.records.insert(log_.records.end(), records.begin(), records.end());
  log_.state.clear();
  REQUIRE(google::protobuf::TextFormat::PrintToString(parsed, &log_.state));
  if (fields <= most_fields_) return;
  most_fields_ = fields;
  log_.snapshot_sequence = records.back().sequence;
  log_.snapshot = snapshot;
  log_.state_at_snapshot = log_.state;
}

void StoredLogRecorder::Finish(const std::set<std::string>& covers) {
  static int number = 0;
  const StoredLog log = std::exchange(log_, {});
  most_fields_ = 0;
  if (log.records.empty()) return;
  std::ofstream file(absl::StrCat(folder_, "/", number++, ".fixture"), std::ios::binary);
  file << log.ToText(covers);
}

}  // namespace perdure::engine::testing
