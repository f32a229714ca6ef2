// Lists and counts as SQL with parameters, and rows read back. Pure.
#pragma once

#include "persistence/postgres/pg_connection.h"
#include "persistence/visibility_query.h"

namespace perdure::persistence {

// Asks for one row more than the page holds.
PgStatement ListStatement(const VisibilityQuery& query);
PgStatement CountStatement(const VisibilityQuery& query);

VisibilityPage PageOf(const PGresult& result, size_t page_size);
std::vector<CountGroup> CountsOf(const PGresult& result);

}  // namespace perdure::persistence
