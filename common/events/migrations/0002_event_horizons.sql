-- How far each tenant's events were deleted: the position of the last one. A
-- reader that stopped before it has missed events.
CREATE TABLE event_horizons (
  tenant_id text   NOT NULL PRIMARY KEY,
  xid       xid8   NOT NULL,
  seq       bigint NOT NULL
);
SELECT sockel_protect('event_horizons');
