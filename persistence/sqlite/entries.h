// A row's entries (ExecutionRow::entries) in one column, and the function by which SQL looks for one of them.
#pragma once

#include <sqlite3.h>

#include <string>
#include <vector>

namespace perdure::persistence {

// Each entry behind its length. Empty for none.
std::string FramedEntries(const std::vector<std::string>& entries);

// Defines has_entry(entries, from, below): whether one stands in the range (EntryRange); 0 where `entries` is
// null. False where the connection refuses.
bool DefineHasEntry(sqlite3& database);

}  // namespace perdure::persistence
