#include "persistence/sqlite/entries.h"

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/check.h"
#include "persistence/sqlite/connection.h"

namespace perdure::persistence {
namespace {

constexpr size_t kLengthBytes = 4;  // the most significant first

std::string_view BlobOf(sqlite3_value* value) {
  // The blob first: asking for its size does not convert it then.
  const void* bytes = sqlite3_value_blob(value);
  const int size = sqlite3_value_bytes(value);
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

// Whether an entry stands in the range. Frames that do not add up end the search: the file is not ours then.
bool HasEntry(std::string_view frames, std::string_view from, std::string_view below) {
  while (frames.size() >= kLengthBytes) {
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i) length = length << 8 | static_cast<unsigned char>(frames[i]);
    frames.remove_prefix(kLengthBytes);
    const std::string_view entry = frames.substr(0, length);
    if (entry >= from) return entry < below;  // they are in order
    frames.remove_prefix(entry.size());
  }
  return false;
}

void CallHasEntry(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  const std::string_view frames = BlobOf(arguments[0]);
  if (!static_cast<SqliteConnection*>(sqlite3_user_data(context))->MayScan(frames.size())) {
    return sqlite3_result_error_code(context, SQLITE_INTERRUPT);
  }
  const bool has = HasEntry(frames, BlobOf(arguments[1]), BlobOf(arguments[2]));
  sqlite3_result_int(context, has ? 1 : 0);
}

}  // namespace

std::string FramedEntries(const std::vector<std::string>& entries) {
  std::string frames;
  for (const std::string& entry : entries) {
    PERDURE_CHECK(entry.size() <= std::numeric_limits<uint32_t>::max(),
                  "its length is written in four bytes");
    for (size_t i = kLengthBytes; i-- > 0;)
      frames.push_back(static_cast<char>(entry.size() >> (8 * i) & 0xff));
    frames.append(entry);
  }
  return frames;
}

bool DefineHasEntry(sqlite3& database, SqliteConnection& connection) {
  constexpr int kArguments = 3;
  return sqlite3_create_function_v2(&database, "has_entry", kArguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                    &connection, CallHasEntry, nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace perdure::persistence
