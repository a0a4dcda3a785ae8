-- What happened, in the order in which it became visible: (xid, seq). A reader
-- that goes no further than the oldest running transaction misses nothing.
CREATE TABLE events (
  tenant_id  text        NOT NULL,
  xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
  -- Keeps the order within a transaction.
  seq        bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  event_id   uuid        NOT NULL,
  type       text        NOT NULL,
  resource   text        NOT NULL,
  time       timestamptz NOT NULL,
  actor      text        NOT NULL,
  -- A JSON object of strings.
  attributes jsonb       NOT NULL,
  PRIMARY KEY (tenant_id, xid, seq)
);
SELECT sockel_protect('events');
