-- For people with an SQL shell: the events with ISO 8601 timestamps, in the order of commit.
CREATE VIEW castore_readable_event AS
SELECT
  position,
  event_store_id,
  aggregate_id,
  version,
  type,
  strftime('%Y-%m-%dT%H:%M:%S', (timestamp - micros) / 1000000, 'unixepoch')
    || CASE WHEN micros % 1000 = 0 THEN printf('.%03dZ', micros / 1000)
            ELSE printf('.%06dZ', micros) END AS timestamp,
  payload,
  metadata
FROM (SELECT *, (timestamp % 1000000 + 1000000) % 1000000 AS micros FROM castore_event);
