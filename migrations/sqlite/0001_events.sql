-- One row per event, of every event store in the file. docs/schema.md explains the choice.
CREATE TABLE castore_event (
  position       INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of commit, over all stores, without gaps
  event_store_id TEXT    NOT NULL,
  aggregate_id   TEXT    NOT NULL,
  version        INTEGER NOT NULL CHECK (version >= 1),
  type           TEXT    NOT NULL,
  timestamp      INTEGER NOT NULL,                   -- UTC, microseconds since 1970
  payload        TEXT,                               -- JSON text
  metadata       TEXT,                               -- JSON text
  UNIQUE (event_store_id, aggregate_id, version)     -- the optimistic lock
) STRICT;

-- Lists aggregates by their initial event, from any page, without reading the others.
CREATE INDEX castore_initial_event
  ON castore_event (event_store_id, timestamp, aggregate_id) WHERE version = 1;
