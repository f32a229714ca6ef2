-- Times are microseconds of the wall clock; ids are 16 bytes; text is kept as bytes, so that nothing a client may send
-- is refused for its encoding.

CREATE TABLE writers (
  writer_id INTEGER PRIMARY KEY,
  epoch     INTEGER NOT NULL,
  batch     INTEGER NOT NULL
);

CREATE TABLE shards (
  shard     INTEGER PRIMARY KEY,
  writer_id INTEGER NOT NULL
);

CREATE TABLE executions (
  shard                  INTEGER NOT NULL,
  kind                   INTEGER NOT NULL,  -- of entity; ids of two kinds have nothing to do with each other
  run_id                 BLOB NOT NULL,
  namespace_id           BLOB NOT NULL,
  id                     BLOB NOT NULL,
  is_current             INTEGER NOT NULL,
  status                 INTEGER NOT NULL,
  type                   BLOB NOT NULL,
  queue                  BLOB NOT NULL,
  start_time             INTEGER NOT NULL,
  execution_time         INTEGER NOT NULL,
  close_time             INTEGER NOT NULL,  -- the largest number while the run is open
  history_length         INTEGER NOT NULL,
  history_size_bytes     INTEGER NOT NULL,
  state_transition_count INTEGER NOT NULL,
  memo                   BLOB NOT NULL,
  search_attributes      BLOB NOT NULL,
  extra                  BLOB NOT NULL,
  delete_at              INTEGER,  -- null while the run must stay
  parent_id              BLOB,
  parent_run             BLOB,
  root_id                BLOB,  -- null where the run is its own root
  root_run               BLOB,
  search_entries         BLOB,  -- what filters on attributes look at, framed; null where there is none
  PRIMARY KEY (shard, kind, run_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX executions_current ON executions (shard, namespace_id, kind, id) WHERE is_current;
CREATE INDEX executions_list ON executions (namespace_id, kind, close_time, start_time, run_id);
-- The children of a parent, in the order of lists.
CREATE INDEX executions_children ON executions (namespace_id, kind, parent_id, close_time, start_time, run_id)
  WHERE parent_id IS NOT NULL;

-- The key serves both orders of reading: folding by sequence, and ranges of event ids.
CREATE TABLE history (
  shard          INTEGER NOT NULL,
  kind           INTEGER NOT NULL,
  run_id         BLOB NOT NULL,
  first_event_id INTEGER NOT NULL,
  sequence       INTEGER NOT NULL,
  event_count    INTEGER NOT NULL,
  events         BLOB NOT NULL,
  changes        BLOB NOT NULL,
  PRIMARY KEY (shard, kind, run_id, first_event_id, sequence)
) WITHOUT ROWID;

CREATE TABLE snapshots (
  shard         INTEGER NOT NULL,
  kind          INTEGER NOT NULL,
  run_id        BLOB NOT NULL,
  sequence      INTEGER NOT NULL,
  next_event_id INTEGER NOT NULL,
  state         BLOB NOT NULL,
  PRIMARY KEY (shard, kind, run_id)
) WITHOUT ROWID;

-- By time first, so that the next page of due runs is one descent (docs/decisions/0006-wakes-by-time.md).
CREATE TABLE wake (
  at     INTEGER NOT NULL,
  shard  INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  run_id BLOB NOT NULL,
  PRIMARY KEY (at, shard, kind, run_id)
) WITHOUT ROWID;

-- A row for each process that serves or waits to: its lease.
CREATE TABLE nodes (
  incarnation  BLOB PRIMARY KEY,
  term         INTEGER NOT NULL,         -- in which it owns all shards; 0: it does not
  expires_at   INTEGER NOT NULL,
  started_at   INTEGER NOT NULL,
  lost_at      INTEGER,                  -- when it learned that a younger process of its name had taken its place
  first_writer INTEGER NOT NULL UNIQUE,  -- of the range of writers that is its own
  waits        INTEGER NOT NULL,         -- its name was fought for when it came: it takes nothing from one that lives
  name         BLOB NOT NULL,
  address      BLOB NOT NULL
) WITHOUT ROWID;

-- Who owns all shards, and in which term: each taking raises it.
CREATE TABLE shard_owner (
  slot        INTEGER PRIMARY KEY CHECK (slot = 0),
  incarnation BLOB NOT NULL,
  term        INTEGER NOT NULL
);

CREATE TABLE namespaces (
  id      BLOB PRIMARY KEY,
  name    BLOB NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  data    BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE cluster (
  slot INTEGER PRIMARY KEY CHECK (slot = 0),
  id   BLOB NOT NULL
);
