// A row's entries (ExecutionRow::entries) in one column, and the function by which SQL looks for one of them.
#pragma once

#include <sqlite3.h>

#include <string>
#include <vector>

namespace perdure::persistence {

class SqliteConnection;

// Each entry behind its length. Empty for none.
std::string FramedEntries(const std::vector<std::string>& entries);

// Defines has_entry(entries, from, below): whether one stands in the range (EntryRange); 0 where `entries` is
// null. False where the connection refuses. It asks the connection whether it may look at so many bytes, and
// its statement is interrupted where it may not.
bool DefineHasEntry(sqlite3& database, SqliteConnection& connection);

}  // namespace perdure::persistence
