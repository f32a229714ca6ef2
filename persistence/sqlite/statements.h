// Every statement that the SQLite store sends, but lists and counts (persistence/visibility_sql.h).
// Parameters are bound in the order of their numbers.
#pragma once

namespace perdure::persistence::sqlite_statements {

inline constexpr char kBegin[] = "BEGIN IMMEDIATE";
inline constexpr char kBeginRead[] = "BEGIN";
inline constexpr char kCommit[] = "COMMIT";
inline constexpr char kRollback[] = "ROLLBACK";

inline constexpr char kAddWriter[] =
    "INSERT INTO writers (writer_id, epoch, batch) VALUES (?1, 0, 0) ON CONFLICT DO NOTHING";
inline constexpr char kRaiseEpoch[] =
    "UPDATE writers SET epoch = epoch + 1 WHERE writer_id = ?1 RETURNING epoch, batch";
inline constexpr char kAskWriter[] = "SELECT epoch, batch FROM writers WHERE writer_id = ?1";
inline constexpr char kMoveBatch[] =
    "UPDATE writers SET batch = ?3 WHERE writer_id = ?1 AND epoch = ?2 AND batch = ?3 - 1";
inline constexpr char kIsCurrentWriter[] = "SELECT 1 FROM writers WHERE writer_id = ?1 AND epoch = ?2";
inline constexpr char kFenceOwner[] =
    "UPDATE writers SET epoch = epoch + 1 WHERE writer_id = (SELECT writer_id FROM shards WHERE shard = ?1) "
    "AND writer_id <> ?2";
inline constexpr char kTakeShard[] =
    "INSERT INTO shards (shard, writer_id) VALUES (?1, ?2) "
    "ON CONFLICT (shard) DO UPDATE SET writer_id = excluded.writer_id";

inline constexpr char kDeleteHistory[] =
    "DELETE FROM history WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND first_event_id >= ?4 "
    "AND first_event_id < ?5";
inline constexpr char kDeleteSnapshot[] =
    "DELETE FROM snapshots WHERE shard = ?1 AND kind = ?2 AND run_id = ?3";
inline constexpr char kDeleteExecution[] =
    "DELETE FROM executions WHERE shard = ?1 AND kind = ?2 AND run_id = ?3";
inline constexpr char kClearCurrent[] =
    "UPDATE executions SET is_current = 0 WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND is_current";
inline constexpr char kPutExecution[] =
    "INSERT INTO executions (shard, kind, run_id, namespace_id, id, is_current, status, type, queue, "
    "start_time, execution_time, close_time, history_length, history_size_bytes, state_transition_count, "
    "memo, search_attributes, extra, delete_at, parent_id, parent_run, root_id, root_run, search_entries) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
    "nullif(?19, 9223372036854775807), nullif(?20, x''), nullif(?21, zeroblob(16)), nullif(?22, x''), "
    "nullif(?23, zeroblob(16)), nullif(?24, x'')) "
    "ON CONFLICT (shard, kind, run_id) DO UPDATE SET namespace_id = excluded.namespace_id, "
    "id = excluded.id, is_current = excluded.is_current, status = excluded.status, "
    "type = excluded.type, queue = excluded.queue, start_time = excluded.start_time, "
    "execution_time = excluded.execution_time, close_time = excluded.close_time, "
    "history_length = excluded.history_length, history_size_bytes = excluded.history_size_bytes, "
    "state_transition_count = excluded.state_transition_count, memo = excluded.memo, "
    "search_attributes = excluded.search_attributes, extra = excluded.extra, "
    "delete_at = excluded.delete_at, parent_id = excluded.parent_id, parent_run = excluded.parent_run, "
    "root_id = excluded.root_id, root_run = excluded.root_run, search_entries = excluded.search_entries";
inline constexpr char kAppendHistory[] =
    "INSERT INTO history (shard, kind, run_id, first_event_id, sequence, event_count, events, changes) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
// Rows without events that the run's new snapshot covers, from the one before it on: that one's have gone.
inline constexpr char kCompactHistory[] =
    "DELETE FROM history WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND first_event_id <= ?5 "
    "AND sequence <= ?4 AND event_count = 0 AND first_event_id >= coalesce((SELECT next_event_id "
    "FROM snapshots WHERE shard = ?1 AND kind = ?2 AND run_id = ?3), 0)";
inline constexpr char kPutSnapshot[] =
    "INSERT INTO snapshots (shard, kind, run_id, sequence, next_event_id, state) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (shard, kind, run_id) DO UPDATE SET sequence = "
    "excluded.sequence, "
    "next_event_id = excluded.next_event_id, state = excluded.state";
inline constexpr char kAddWake[] =
    "INSERT INTO wake (at, shard, kind, run_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
inline constexpr char kRemoveWake[] =
    "DELETE FROM wake WHERE at = ?1 AND shard = ?2 AND kind = ?3 AND run_id = ?4";

// Both counts read an index only.
inline constexpr char kCountRows[] =
    "SELECT (SELECT count(*) FROM executions WHERE namespace_id = ?1 AND kind = ?2), "
    "(SELECT count(*) FROM executions)";
inline constexpr char kLoadExecution[] =
    "SELECT delete_at, history_length, state_transition_count, history_size_bytes, is_current "
    "FROM executions WHERE shard = ?1 AND kind = ?2 AND run_id = ?3";
inline constexpr char kLastEvent[] =
    "SELECT max(first_event_id) FROM history WHERE shard = ?1 AND kind = ?2 AND run_id = ?3";
inline constexpr char kLoadSnapshot[] =
    "SELECT sequence, next_event_id, state FROM snapshots WHERE shard = ?1 AND kind = ?2 AND run_id = ?3";
inline constexpr char kLoadHistory[] =
    "SELECT sequence, first_event_id, event_count, events, changes FROM history "
    "WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND first_event_id >= ?4 AND sequence > ?5 "
    "ORDER BY first_event_id, sequence";
inline constexpr char kFindCurrentRun[] =
    "SELECT run_id FROM executions WHERE shard = ?1 AND namespace_id = ?2 AND kind = ?3 AND id = ?4 AND "
    "is_current";
// The row that holds event ?4 is the last one with events that begins there or before.
#define PERDURE_HISTORY_RANGE                                                                    \
  "SELECT sequence, first_event_id, event_count, events, changes FROM history "                  \
  "WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND event_count > 0 AND first_event_id < ?5 "  \
  "AND first_event_id + event_count > ?4 AND first_event_id >= coalesce((SELECT first_event_id " \
  "FROM history WHERE shard = ?1 AND kind = ?2 AND run_id = ?3 AND first_event_id <= ?4 "        \
  "AND event_count > 0 ORDER BY first_event_id DESC, sequence DESC LIMIT 1), ?4) "
inline constexpr char kReadHistory[] = PERDURE_HISTORY_RANGE "ORDER BY first_event_id, sequence";
inline constexpr char kReadHistoryReverse[] =
    PERDURE_HISTORY_RANGE "ORDER BY first_event_id DESC, sequence DESC";
#undef PERDURE_HISTORY_RANGE
inline constexpr char kReadWakes[] =
    "SELECT w.at, w.shard, w.kind, w.run_id FROM wake w CROSS JOIN shards s ON s.shard = w.shard "
    "AND s.writer_id = ?1 WHERE (w.at, w.shard, w.kind, w.run_id) > (?2, ?3, ?4, ?5) AND w.at <= ?6 "
    "ORDER BY w.at, w.shard, w.kind, w.run_id LIMIT ?7";

// Leases (node_lease.h), on the database's clock, which each transaction reads once: ?2 is now.
inline constexpr char kNow[] = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000";
// ?3 the new end
inline constexpr char kRenewTenure[] =
    "UPDATE nodes SET expires_at = ?3 WHERE incarnation = ?1 AND term > 0 AND expires_at > ?2 RETURNING "
    "term, first_writer";
// ?1 before which an end is long ago
inline constexpr char kForgetNodes[] = "DELETE FROM nodes WHERE expires_at < ?1";
// ?1 name, ?2 since when a loss counts
inline constexpr char kCountLosses[] = "SELECT count(*) FROM nodes WHERE name = ?1 AND lost_at > ?2";
// ?4 name, ?5 address, ?6 whether it waits, ?7 the first of its writers, or 0, ?8 how many a node has. A
// start is later than those of the name before it, whatever the clock says.
inline constexpr char kPutNode[] =
    "INSERT INTO nodes (incarnation, term, expires_at, started_at, lost_at, waits, name, address, "
    "first_writer) "
    "VALUES (?1, 0, ?3, max(?2, coalesce((SELECT max(started_at) + 1 FROM nodes WHERE name = ?4), 0)), "
    "NULL, ?6, ?4, ?5, (SELECT w FROM (SELECT 1 AS w UNION SELECT ?7 UNION SELECT first_writer + ?8 FROM "
    "nodes) WHERE w > 0 AND w NOT IN (SELECT first_writer FROM nodes) ORDER BY w <> ?7, w LIMIT 1)) "
    "ON CONFLICT DO UPDATE SET term = 0, expires_at = excluded.expires_at WHERE nodes.lost_at IS NULL";
// Whoever must make room: its lease has ended, or it is older and of the same name.
inline constexpr char kEndOwner[] =
    "UPDATE nodes SET term = 0 WHERE term > 0 AND incarnation <> ?1 AND (expires_at <= ?2 OR EXISTS ("
    "SELECT 1 FROM nodes me WHERE me.incarnation = ?1 AND me.name = nodes.name "
    "AND me.started_at > nodes.started_at AND me.lost_at IS NULL AND NOT me.waits))";
inline constexpr char kTakeOwnership[] =
    "INSERT INTO shard_owner (slot, incarnation, term) SELECT 0, ?1, 1 "
    "WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE term > 0) "
    "AND EXISTS (SELECT 1 FROM nodes WHERE incarnation = ?1 AND lost_at IS NULL) "
    "ON CONFLICT (slot) DO UPDATE SET incarnation = excluded.incarnation, term = shard_owner.term + 1";
inline constexpr char kBeginTenure[] =
    "UPDATE nodes SET term = (SELECT term FROM shard_owner) WHERE incarnation = ?1 AND lost_at IS NULL "
    "AND ?1 = (SELECT incarnation FROM shard_owner) AND NOT EXISTS (SELECT 1 FROM nodes WHERE term > 0)";
inline constexpr char kLoseName[] =
    "UPDATE nodes SET lost_at = ?2, expires_at = ?2 WHERE incarnation = ?1 AND lost_at IS NULL AND EXISTS ("
    "SELECT 1 FROM nodes o WHERE o.term > 0 AND o.incarnation <> ?1 AND o.name = nodes.name "
    "AND o.started_at > nodes.started_at)";
inline constexpr char kReadLease[] =
    "SELECT me.term, me.lost_at IS NOT NULL, me.waits, o.incarnation IS NOT NULL, o.incarnation, o.name, "
    "o.address, o.started_at, me.first_writer FROM nodes me LEFT JOIN nodes o ON o.term > 0 AND "
    "o.incarnation <> "
    "me.incarnation "
    "WHERE me.incarnation = ?1";
inline constexpr char kEndLease[] = "DELETE FROM nodes WHERE incarnation = ?1 AND lost_at IS NULL";
inline constexpr char kIsOwner[] = "SELECT 1 FROM shard_owner WHERE incarnation = ?1 AND term = ?2";

inline constexpr char kAddNamespace[] =
    "INSERT INTO namespaces (id, name, version, data) VALUES (?1, ?2, ?3, ?4)";
inline constexpr char kPutNamespace[] =
    "UPDATE namespaces SET name = ?2, version = ?3, data = ?4 WHERE id = ?1 AND version = ?5";
inline constexpr char kRemoveNamespace[] = "DELETE FROM namespaces WHERE id = ?1 AND version = ?2";
inline constexpr char kHasNamespace[] = "SELECT 1 FROM namespaces WHERE id = ?1";
inline constexpr char kListNamespaces[] = "SELECT id, name, version, data FROM namespaces";
inline constexpr char kOfferClusterId[] =
    "INSERT INTO cluster (slot, id) VALUES (0, ?1) ON CONFLICT DO NOTHING";
inline constexpr char kClusterId[] = "SELECT id FROM cluster WHERE slot = 0";

}  // namespace perdure::persistence::sqlite_statements
