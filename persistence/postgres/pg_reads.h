// Reads of runs, histories and wakes: the statement of each, and its rows read back.
//
// Thread safety: PgReadHistory on the store's loop only; the others are pure.
#pragma once

#include <optional>
#include <vector>

#include "persistence/mailbox.h"
#include "persistence/postgres/pg_shared.h"

namespace perdure::persistence {

PgStatement LoadStatement(const LoadQuery& query);
// In the order of `keys`, which were asked for.
std::vector<StoredRun> RunsOf(const PGresult& result, const std::vector<RunKey>& keys);

PgStatement FindCurrentStatement(const std::vector<EntityKey>& keys);
// `count`: of the keys that were asked for, in whose order the answer is.
std::vector<std::optional<Uuid>> CurrentRunsOf(const PGresult& rows, size_t count);

PgStatement WakesStatement(const WakeQuery& query);
std::vector<WakeRow> WakesOf(const PGresult& rows);

// In as many exchanges as the range needs. `shared` outlives the reply. UNAVAILABLE as PgStatusOf.
void PgReadHistory(PgShared& shared, const HistoryQuery& query, ReadReply<std::vector<HistoryRow>> reply);

}  // namespace perdure::persistence
