// Every fixed statement of the store, named: the name is the prepared statement's. They keep to what Citus,
// YugabyteDB and CockroachDB also take. Lists and counts are built in pg_visibility.cc.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/postgres/pg_connection.h"

namespace perdure::persistence::sql {

struct Constant {
  std::string_view name;
  std::string_view text;

  PgStatement With(std::vector<std::string> params) const {
    return {name, std::string(text), std::move(params)};
  }
};

// ---- fencing. Where the row is not as expected, the division by zero aborts the whole transaction.
inline constexpr std::string_view kDivisionByZero = "22012";  // its SQLSTATE

// $1 writer, $2 generation, $3 epoch, $4 batch
inline constexpr Constant kAdvance{"advance", R"(
WITH moved AS (
  UPDATE writers SET batch = $4::int8
  WHERE writer_id = $1::int4 AND generation = $2::int8 AND epoch = $3::int8 AND batch = $4::int8 - 1
  RETURNING 1)
SELECT 1 / count(*)::int4 FROM moved)"};
// $1 writer, $2 the new generation, $3 epoch, $4 batch
inline constexpr Constant kAdvanceGeneration{"advance_generation", R"(
WITH old AS (
  DELETE FROM writers
  WHERE writer_id = $1::int4 AND generation = $2::int8 - 1 AND epoch = $3::int8 AND batch = $4::int8 - 1
  RETURNING 1),
moved AS (
  INSERT INTO writers (writer_id, generation, epoch, batch) SELECT $1::int4, $2::int8, $3::int8, $4::int8 FROM old
  RETURNING 1)
SELECT 1 / count(*)::int4 FROM moved)"};
// $1 writer
inline constexpr Constant kCreateWriter{"create_writer", R"(
INSERT INTO writers (writer_id, generation, epoch, batch)
SELECT $1::int4, 0, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM writers WHERE writer_id = $1::int4)
ON CONFLICT DO NOTHING)"};
// Waits for a batch that holds the row. Touches no row where that batch replaced it: the caller asks again.
inline constexpr Constant kFence{"fence", R"(
UPDATE writers SET epoch = epoch + 1 WHERE writer_id = $1::int4 RETURNING epoch, batch)"};

// $1 writer
inline constexpr Constant kAskWriter{"ask_writer", R"(
SELECT epoch, batch FROM writers WHERE writer_id = $1::int4 ORDER BY batch DESC LIMIT 1)"};
// The last statement of a transaction that takes something for this tenure: $1 incarnation, $2 term
inline constexpr Constant kCheckOwner{"check_owner", R"(
WITH owner AS (SELECT 1 FROM shard_owner WHERE slot = 0 AND incarnation = $1::uuid AND term = $2::int8 FOR SHARE)
SELECT 1 / count(*)::int4 FROM owner)"};

// ---- shards, in this order. $1 shards, $2 writer
//
// First the writer's own row, then the shards' (made where they are missing, so that there is something to
// lock), then their owners': two takers of one shard never miss each other. A deadlock of takers is resolved
// by the database, and answered UNAVAILABLE.

// $1 writer, $2 epoch
inline constexpr Constant kCheckWriter{"check_writer", R"(
WITH me AS (SELECT 1 FROM writers WHERE writer_id = $1::int4 AND epoch = $2::int8 FOR UPDATE)
SELECT 1 / count(*)::int4 FROM me)"};
inline constexpr Constant kAddShards{"add_shards", R"(
INSERT INTO shards (shard, writer_id) SELECT shard, $2::int4 FROM unnest($1::int2[]) AS taken (shard)
ON CONFLICT DO NOTHING)"};
inline constexpr Constant kLockShards{"lock_shards", R"(
SELECT shard FROM shards WHERE shard = ANY($1::int2[]) AND writer_id <> $2::int4 ORDER BY shard FOR UPDATE)"};
// Each former owner must be met: one whose row was replaced meanwhile is not, and all is tried again.
inline constexpr Constant kFenceOwners{"fence_owners", R"(
WITH owners AS (SELECT DISTINCT writer_id FROM shards WHERE shard = ANY($1::int2[]) AND writer_id <> $2::int4),
fenced AS (UPDATE writers SET epoch = epoch + 1 WHERE writer_id IN (SELECT writer_id FROM owners) RETURNING 1)
SELECT 1 / (CASE WHEN (SELECT count(*) FROM fenced) = (SELECT count(*) FROM owners) THEN 1 ELSE 0 END))"};
inline constexpr Constant kOwnShards{"own_shards", R"(
UPDATE shards SET writer_id = $2::int4 WHERE shard = ANY($1::int2[]) AND writer_id <> $2::int4)"};
// $1 milliseconds. Ends the backends that wait for their client while another one has waited so long for what
// they have locked; what they were sent is rolled back. Needs no process id, which a pooler does not tell.
inline constexpr Constant kEndBlockers{"end_blockers", R"(
WITH own AS (
  SELECT pid, wait_event_type, query_start FROM pg_stat_activity
  WHERE datname = current_database() AND usename = current_user)
SELECT pg_terminate_backend(holder.pid)
FROM own AS waiter CROSS JOIN unnest(pg_blocking_pids(waiter.pid)) AS blocker (pid)
  JOIN own AS holder ON holder.pid = blocker.pid
WHERE waiter.wait_event_type = 'Lock' AND waiter.query_start <= now() - $1::int8 * interval '1 millisecond'
  AND holder.wait_event_type = 'Client')"};

// ---- a batch, in this order; a statement without rows is left out

// Arrays: shard, kind, run, the first event, the first event that stays
inline constexpr Constant kDeleteHistory{"delete_history", R"(
DELETE FROM history AS h
USING unnest($1::int2[], $2::int2[], $3::uuid[], $4::int4[], $5::int4[])
  AS k (shard, kind, run_id, from_event_id, below_event_id)
WHERE h.shard = k.shard AND h.kind = k.kind AND h.run_id = k.run_id
  AND h.first_event_id >= k.from_event_id AND h.first_event_id < k.below_event_id)"};
// Arrays: shard, kind, run
inline constexpr Constant kDeleteSnapshots{"delete_snapshots", R"(
DELETE FROM snapshots AS s USING unnest($1::int2[], $2::int2[], $3::uuid[]) AS k (shard, kind, run_id)
WHERE s.shard = k.shard AND s.kind = k.kind AND s.run_id = k.run_id)"};
inline constexpr Constant kDeleteExecutions{"delete_executions", R"(
DELETE FROM executions AS e USING unnest($1::int2[], $2::int2[], $3::uuid[]) AS k (shard, kind, run_id)
WHERE e.shard = k.shard AND e.kind = k.kind AND e.run_id = k.run_id)"};
inline constexpr Constant kClearCurrent{"clear_current", R"(
UPDATE executions AS e SET is_current = false
FROM unnest($1::int2[], $2::int2[], $3::uuid[]) AS k (shard, kind, run_id)
WHERE e.shard = k.shard AND e.kind = k.kind AND e.run_id = k.run_id)"};
// A parent or root that is not there is an empty id and the nil run.
inline constexpr Constant kPutExecutions{"put_executions", R"(
INSERT INTO executions (shard, kind, run_id, namespace_id, id, is_current, status, type, queue,
  start_time, execution_time, close_time, history_length, history_size_bytes, state_transition_count, memo,
  search_attributes, extra, delete_at, parent_id, parent_run, root_id, root_run, search_entries)
SELECT shard, kind, run_id, namespace_id, id, is_current, status, type, queue, start_time, execution_time, close_time,
  history_length, history_size_bytes, state_transition_count, memo, search_attributes, extra, delete_at, parent_id,
  parent_run, root_id, root_run, nullif(search_entries, '')::bytea[]
FROM unnest($1::int2[], $2::int2[], $3::uuid[], $4::uuid[], $5::bytea[], $6::bool[], $7::int2[], $8::bytea[],
  $9::bytea[], $10::int8[], $11::int8[], $12::int8[], $13::int4[], $14::int8[], $15::int4[], $16::bytea[],
  $17::bytea[], $18::bytea[], array_replace($19::int8[], 9223372036854775807, NULL),
  array_replace($20::bytea[], ''::bytea, NULL), array_replace($21::uuid[], '00000000-0000-0000-0000-000000000000'::uuid, NULL),
  array_replace($22::bytea[], ''::bytea, NULL), array_replace($23::uuid[], '00000000-0000-0000-0000-000000000000'::uuid, NULL),
  $24::text[])
  AS k (shard, kind, run_id, namespace_id, id, is_current, status, type, queue, start_time, execution_time, close_time,
    history_length, history_size_bytes, state_transition_count, memo, search_attributes, extra, delete_at, parent_id,
    parent_run, root_id, root_run, search_entries)
ON CONFLICT (shard, kind, run_id) DO UPDATE SET
  namespace_id = excluded.namespace_id, is_current = excluded.is_current, status = excluded.status, type = excluded.type,
  queue = excluded.queue, start_time = excluded.start_time, execution_time = excluded.execution_time,
  close_time = excluded.close_time, history_length = excluded.history_length,
  history_size_bytes = excluded.history_size_bytes, state_transition_count = excluded.state_transition_count,
  memo = excluded.memo, search_attributes = excluded.search_attributes, extra = excluded.extra,
  delete_at = excluded.delete_at, parent_id = excluded.parent_id, parent_run = excluded.parent_run,
  root_id = excluded.root_id, root_run = excluded.root_run, search_entries = excluded.search_entries)"};
// Arrays: shard, kind, run, first event, sequence, event count, events, changes
inline constexpr Constant kAppendHistory{"append_history", R"(
INSERT INTO history (shard, kind, run_id, first_event_id, sequence, event_count, events, changes)
SELECT * FROM unnest($1::int2[], $2::int2[], $3::uuid[], $4::int4[], $5::int4[], $6::int4[], $7::bytea[],
  $8::bytea[]))"};
// Arrays: shard, kind, run, sequence, next event. Rows without events that the run's new snapshot covers,
// from the one before it on: that one's have gone. OFFSET 0 has the place of the one before known first, so
// that a long history is not read from its beginning.
inline constexpr Constant kCompactHistory{"compact_history", R"(
DELETE FROM history AS h USING (
  SELECT k.*, COALESCE(s.next_event_id, 0) AS from_event_id
  FROM unnest($1::int2[], $2::int2[], $3::uuid[], $4::int4[], $5::int4[])
    AS k (shard, kind, run_id, sequence, next_event_id)
  LEFT JOIN snapshots AS s ON s.shard = k.shard AND s.kind = k.kind AND s.run_id = k.run_id
  OFFSET 0) AS k
WHERE h.shard = k.shard AND h.kind = k.kind AND h.run_id = k.run_id AND h.first_event_id >= k.from_event_id
  AND h.first_event_id <= k.next_event_id AND h.sequence <= k.sequence AND h.event_count = 0)"};
// Arrays: shard, kind, run, sequence, next event, state
inline constexpr Constant kPutSnapshots{"put_snapshots", R"(
INSERT INTO snapshots (shard, kind, run_id, sequence, next_event_id, state)
SELECT * FROM unnest($1::int2[], $2::int2[], $3::uuid[], $4::int4[], $5::int4[], $6::bytea[])
ON CONFLICT (shard, kind, run_id) DO UPDATE SET
  sequence = excluded.sequence, next_event_id = excluded.next_event_id, state = excluded.state)"};
// Arrays: at, shard, kind, run
inline constexpr Constant kRemoveWakes{"remove_wakes", R"(
DELETE FROM wake AS w USING unnest($1::int8[], $2::int2[], $3::int2[], $4::uuid[]) AS k (at, shard, kind, run_id)
WHERE w.at = k.at AND w.shard = k.shard AND w.kind = k.kind AND w.run_id = k.run_id)"};
// Nobody else adds wakes of these shards meanwhile, and ON CONFLICT would log each row a second time.
inline constexpr Constant kAddWakes{"add_wakes", R"(
INSERT INTO wake (at, shard, kind, run_id)
SELECT * FROM unnest($1::int8[], $2::int2[], $3::int2[], $4::uuid[]) AS k (at, shard, kind, run_id)
WHERE NOT EXISTS (SELECT 1 FROM wake AS w
                  WHERE w.at = k.at AND w.shard = k.shard AND w.kind = k.kind AND w.run_id = k.run_id))"};

// ---- reads

// $1 shards, $2 kinds, $3 runs, $4 bytes, $5 the latest delete_at of a run that is not read. For each run
// what was found of it (part 0: in the place of the sequence 0 nothing, 1 a run, 2 one that is due, 3 one for
// later; then its last event, rows, delete_at and bytes, and whether it is the current one), its snapshot
// (part 1) and the rows behind it (part 2), as of one moment. What runs weigh is known without reading their
// bytes; OFFSET 0 has it added up once.
inline constexpr Constant kLoadRuns{"load_runs", R"(
WITH k AS (
  SELECT * FROM unnest($1::int2[], $2::int2[], $3::uuid[]) WITH ORDINALITY AS k (shard, kind, run_id, place)),
looked AS (
  SELECT k.*, e.run_id IS NULL AS is_missing, COALESCE(e.delete_at <= $5::int8, false) AS is_due, e.delete_at,
         COALESCE(e.is_current, false) AS is_current, e.history_length, e.state_transition_count, e.history_size_bytes,
         s.sequence, s.next_event_id, octet_length(s.state) AS state_bytes
  FROM k LEFT JOIN executions AS e ON e.shard = k.shard AND e.kind = k.kind AND e.run_id = k.run_id
         LEFT JOIN snapshots AS s ON s.shard = k.shard AND s.kind = k.kind AND s.run_id = k.run_id),
weighed AS (
  SELECT l.*, CASE WHEN is_missing OR is_due THEN 0 ELSE COALESCE(state_bytes, 0) + COALESCE((
    SELECT sum(octet_length(h.events) + octet_length(h.changes)) FROM history AS h
    WHERE h.shard = l.shard AND h.kind = l.kind AND h.run_id = l.run_id
      AND h.first_event_id >= COALESCE(l.next_event_id, 0) AND h.sequence > COALESCE(l.sequence, 0)), 0) END AS bytes
  FROM looked AS l OFFSET 0),
found AS (
  SELECT w.*, CASE WHEN is_missing THEN 0 WHEN is_due THEN 2
    WHEN sum(bytes) OVER (ORDER BY place ROWS UNBOUNDED PRECEDING) - bytes < $4::int8 THEN 1 ELSE 3 END AS found
  FROM weighed AS w)
SELECT f.place, 0 AS part, f.found AS sequence,
  CASE WHEN f.found = 0 THEN COALESCE((SELECT max(h.first_event_id) FROM history AS h
                                       WHERE h.shard = f.shard AND h.kind = f.kind AND h.run_id = f.run_id), 0)
       ELSE f.history_length END AS first_event_id,
  COALESCE(f.state_transition_count, 0) AS event_count, ''::bytea AS events, ''::bytea AS changes,
  COALESCE(f.delete_at, 9223372036854775807) AS delete_at, COALESCE(f.history_size_bytes, 0) AS bytes,
  f.is_current
FROM found AS f
UNION ALL
SELECT f.place, 1, s.sequence, s.next_event_id, 0, s.state, ''::bytea, 0, 0, false
FROM found AS f JOIN snapshots AS s ON s.shard = f.shard AND s.kind = f.kind AND s.run_id = f.run_id
WHERE f.found = 1
UNION ALL
SELECT f.place, 2, h.sequence, h.first_event_id, h.event_count, h.events, h.changes, 0, 0, false
FROM found AS f JOIN history AS h ON h.shard = f.shard AND h.kind = f.kind AND h.run_id = f.run_id
  AND h.first_event_id >= COALESCE(f.next_event_id, 0) AND h.sequence > COALESCE(f.sequence, 0)
WHERE f.found = 1
ORDER BY 1, 2, 3)"};
// Arrays: shard, namespace, kind, id
inline constexpr Constant kFindCurrent{"find_current", R"(
SELECT k.place, e.run_id
FROM unnest($1::int2[], $2::uuid[], $3::int2[], $4::bytea[]) WITH ORDINALITY
  AS k (shard, namespace_id, kind, id, place)
JOIN executions AS e ON e.shard = k.shard AND e.namespace_id = k.namespace_id AND e.kind = k.kind AND e.id = k.id
WHERE e.is_current)"};
// $1 shard, $2 run, $3 from, $4 to, $5 bytes, $6 rows, $7 kind. The row that holds event $3 is the last one
// with events that begins there or before. Bytes are summed up over $6 rows at most, so that a page costs no
// more than itself; their lengths are known without reading the events.
inline constexpr Constant kReadHistory{"read_history", R"(
SELECT sequence, first_event_id, event_count, events, changes FROM (
  SELECT *, sum(octet_length(events)) OVER places - octet_length(events) AS bytes_before,
         row_number() OVER places AS place
  FROM (SELECT sequence, first_event_id, event_count, events, changes FROM history
        WHERE shard = $1::int2 AND kind = $7::int2 AND run_id = $2::uuid AND event_count > 0 AND first_event_id < $4::int4
          AND first_event_id + event_count > $3::int4
          AND first_event_id >= COALESCE((SELECT first_event_id FROM history
                                          WHERE shard = $1::int2 AND kind = $7::int2 AND run_id = $2::uuid AND event_count > 0
                                            AND first_event_id <= $3::int4
                                          ORDER BY first_event_id DESC, sequence DESC LIMIT 1), $3::int4)
        ORDER BY first_event_id, sequence LIMIT $6::int8) AS page
  WINDOW places AS (ORDER BY first_event_id, sequence ROWS UNBOUNDED PRECEDING)) AS counted
WHERE bytes_before < $5::int8 OR place = 1 ORDER BY place)"};
inline constexpr Constant kReadHistoryReverse{"read_history_reverse", R"(
SELECT sequence, first_event_id, event_count, events, changes FROM (
  SELECT *, sum(octet_length(events)) OVER places - octet_length(events) AS bytes_before,
         row_number() OVER places AS place
  FROM (SELECT sequence, first_event_id, event_count, events, changes FROM history
        WHERE shard = $1::int2 AND kind = $7::int2 AND run_id = $2::uuid AND event_count > 0 AND first_event_id < $4::int4
          AND first_event_id + event_count > $3::int4
          AND first_event_id >= COALESCE((SELECT first_event_id FROM history
                                          WHERE shard = $1::int2 AND kind = $7::int2 AND run_id = $2::uuid AND event_count > 0
                                            AND first_event_id <= $3::int4
                                          ORDER BY first_event_id DESC, sequence DESC LIMIT 1), $3::int4)
        ORDER BY first_event_id DESC, sequence DESC LIMIT $6::int8) AS page
  WINDOW places AS (ORDER BY first_event_id DESC, sequence DESC ROWS UNBOUNDED PRECEDING)) AS counted
WHERE bytes_before < $5::int8 OR place = 1 ORDER BY place)"};
// $1 writer, $2 to $5 the wake behind which to begin, $6 the latest time, $7 how many
inline constexpr Constant kReadWakes{"read_wakes", R"(
SELECT w.at, w.shard, w.kind, w.run_id FROM wake AS w JOIN shards AS s ON s.shard = w.shard
WHERE s.writer_id = $1::int4 AND (w.at, w.shard, w.kind, w.run_id) > ($2::int8, $3::int2, $4::int2, $5::uuid)
  AND w.at <= $6::int8
ORDER BY w.at, w.shard, w.kind, w.run_id LIMIT $7::int8)"};

// ---- the cluster

// $1 id, $2 name, $3 version, $4 data
inline constexpr Constant kInsertNamespace{"insert_namespace", R"(
INSERT INTO namespaces (id, name, version, data) VALUES ($1::uuid, $2::bytea, $3::int8, $4::bytea)
ON CONFLICT DO NOTHING RETURNING version)"};
// $5 the version that must be there
inline constexpr Constant kUpdateNamespace{"update_namespace", R"(
UPDATE namespaces SET name = $2::bytea, version = $3::int8, data = $4::bytea
WHERE id = $1::uuid AND version = $5::int8 RETURNING version)"};
// $1 id, $2 the version that must be there
inline constexpr Constant kRemoveNamespace{"remove_namespace", R"(
DELETE FROM namespaces WHERE id = $1::uuid AND version = $2::int8 RETURNING version)"};
// $1 id
inline constexpr Constant kHasNamespace{"has_namespace", R"(
SELECT version FROM namespaces WHERE id = $1::uuid)"};
inline constexpr Constant kListNamespaces{"list_namespaces", R"(
SELECT id, name, version, data FROM namespaces ORDER BY name)"};
inline constexpr Constant kMintCluster{"mint_cluster", R"(
INSERT INTO cluster (slot, id) VALUES (0, $1::uuid) ON CONFLICT DO NOTHING)"};
inline constexpr Constant kReadCluster{"read_cluster", R"(
SELECT id FROM cluster WHERE slot = 0)"};

}  // namespace perdure::persistence::sql
