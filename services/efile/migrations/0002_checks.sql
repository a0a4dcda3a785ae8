-- A key that the master key wraps, made by the first process that used it: by
-- opening it, every other one knows whether its master key is the right one. One
-- row, no tenant's.
CREATE TABLE master_key_checks (
  tenant_id   text        NOT NULL CHECK (tenant_id = '*'),
  wrapped_key bytea       NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id)
);
SELECT sockel_protect('master_key_checks');

-- The stream that recorded `received`; NULL: none or unknown. Together they say
-- which bytes these are.
ALTER TABLE uploads ADD COLUMN received_by uuid;

-- The one key of a content is in `contents`. Where it is nobody's any more, it
-- is nowhere.
UPDATE uploads SET wrapped_key = '' WHERE state = 'FILED' OR bytes_removed;
