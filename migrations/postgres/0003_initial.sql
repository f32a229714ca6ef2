-- Times are microseconds of the wall clock; text is kept as bytes, so that nothing a client may send is refused for its
-- encoding. Columns stand in the order of their alignment, widest first, and are no wider than what they count.

-- The row that each batch of a writer moves from n-1 to n. A new generation takes its place every 10,000 batches: while
-- some old snapshot keeps dead versions alive, a look-up meets no more of them than that.
CREATE TABLE writers (
  writer_id  int4 NOT NULL,
  generation int8 NOT NULL,
  epoch      int8 NOT NULL,
  batch      int8 NOT NULL,
  PRIMARY KEY (writer_id, generation)
) WITH (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

CREATE TABLE shards (
  writer_id int4 NOT NULL,
  shard     int2 PRIMARY KEY
);

-- What the end of a run changes stands together and in front: where the page has room for the row's new version,
-- PostgreSQL logs nothing that is alike behind it.
CREATE TABLE executions (
  start_time             int8 NOT NULL,
  execution_time         int8 NOT NULL,
  close_time             int8 NOT NULL,  -- the largest number while the run is open
  delete_at              int8,           -- null while the run must stay
  history_size_bytes     int8 NOT NULL,
  history_length         int4 NOT NULL,
  state_transition_count int4 NOT NULL,
  shard                  int2 NOT NULL,
  kind                   int2 NOT NULL,  -- of entity; ids of two kinds have nothing to do with each other
  status                 int2 NOT NULL,
  is_current             bool NOT NULL,
  namespace_id           uuid NOT NULL,
  run_id                 uuid NOT NULL,
  id                     bytea NOT NULL,
  type                   bytea NOT NULL,
  queue                  bytea NOT NULL,
  memo                   bytea NOT NULL,
  search_attributes      bytea NOT NULL,
  extra                  bytea NOT NULL,
  parent_id              bytea,
  parent_run             uuid,
  root_id                bytea,  -- null where the run is its own root
  root_run               uuid,
  search_entries         bytea[],  -- what filters on attributes look at, in order; null where there is none
  PRIMARY KEY (shard, kind, run_id)
);
CREATE UNIQUE INDEX executions_current ON executions (shard, namespace_id, kind, id) WHERE is_current;
CREATE INDEX executions_list ON executions (namespace_id, kind, close_time, start_time, run_id);
-- The children of a parent, in the order of lists.
CREATE INDEX executions_children ON executions (namespace_id, kind, parent_id, close_time, start_time, run_id)
  WHERE parent_id IS NOT NULL;

-- The key serves both orders of reading: folding by sequence, and ranges of event ids.
CREATE TABLE history (
  first_event_id int4 NOT NULL,
  sequence       int4 NOT NULL,
  event_count    int4 NOT NULL,
  shard          int2 NOT NULL,
  kind           int2 NOT NULL,
  run_id         uuid NOT NULL,
  events         bytea NOT NULL,
  changes        bytea NOT NULL,
  PRIMARY KEY (shard, kind, run_id, first_event_id, sequence)
);

CREATE TABLE snapshots (
  sequence      int4 NOT NULL,
  next_event_id int4 NOT NULL,
  shard         int2 NOT NULL,
  kind          int2 NOT NULL,
  run_id        uuid NOT NULL,
  state         bytea NOT NULL,
  PRIMARY KEY (shard, kind, run_id)
);

-- By time first, so that the next page of due runs is one descent.
CREATE TABLE wake (
  at     int8 NOT NULL,
  shard  int2 NOT NULL,
  kind   int2 NOT NULL,
  run_id uuid NOT NULL,
  PRIMARY KEY (at, shard, kind, run_id)
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- A row for each process that serves or waits to: its lease.
CREATE TABLE nodes (
  term         int8 NOT NULL,         -- in which it owns all shards; 0: it does not
  expires_at   timestamptz NOT NULL,
  started_at   timestamptz NOT NULL,
  lost_at      timestamptz,           -- when it learned that a younger process of its name had taken its place
  first_writer int4 NOT NULL UNIQUE,  -- of the range of writers that is its own
  waits        bool NOT NULL,         -- its name was fought for when it came: it takes nothing from one that lives
  incarnation  uuid PRIMARY KEY,
  name         bytea NOT NULL,
  address      bytea NOT NULL
) WITH (fillfactor = 10);

-- Who owns all shards, and in which term: each taking raises it.
CREATE TABLE shard_owner (
  term        int8 NOT NULL,
  slot        int4 PRIMARY KEY CHECK (slot = 0),
  incarnation uuid NOT NULL
);

CREATE TABLE namespaces (
  id      uuid PRIMARY KEY,
  name    bytea NOT NULL UNIQUE,
  version int8 NOT NULL,
  data    bytea NOT NULL
);

CREATE TABLE cluster (
  slot int4 PRIMARY KEY CHECK (slot = 0),
  id   uuid NOT NULL
);
