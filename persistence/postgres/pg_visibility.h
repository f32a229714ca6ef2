// Lists and counts: the statement that both SQL stores share, and its rows read back. Pure.
#pragma once

#include "persistence/postgres/pg_connection.h"
#include "persistence/visibility_query.h"
#include "persistence/visibility_sql.h"

namespace perdure::persistence {

// REQUIRES: made with the mark '$'.
PgStatement Unnamed(SqlStatement statement);

VisibilityPage PageOf(const PGresult& result, size_t page_size);
std::vector<CountGroup> CountsOf(const PGresult& result);

}  // namespace perdure::persistence
