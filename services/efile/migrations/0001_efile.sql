-- The key that wraps the data keys of a tenant's contents; itself wrapped by
-- the master key.
CREATE TABLE tenant_keys (
  tenant_id   text        NOT NULL,
  version     integer     NOT NULL,
  wrapped_key bytea       NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, version)
);
SELECT sockel_protect('tenant_keys');

-- What the catalog ordered, by its id.
CREATE TABLE instances (
  tenant_id   text        NOT NULL,
  instance_id uuid        NOT NULL,
  parameters  bytea       NOT NULL,  -- SHA-256 of what was ordered
  state       text        NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, instance_id)
);
CREATE INDEX instances_by_id ON instances (instance_id);
SELECT sockel_protect('instances');

CREATE TABLE file_plan_entries (
  tenant_id       text        NOT NULL,
  code            text        NOT NULL,
  title           text        NOT NULL,
  retention_years integer,    -- NULL: unlimited
  disposition     text        NOT NULL,
  state           text        NOT NULL,
  revision        bigint      NOT NULL DEFAULT 1,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, code)
);
SELECT sockel_protect('file_plan_entries');

-- The last reference number given out. Counted up in the transaction that
-- uses the number: rolled back with it, and locked until it commits.
CREATE TABLE reference_counters (
  tenant_id   text    NOT NULL,
  code        text    NOT NULL,
  year        integer NOT NULL,
  last_number bigint  NOT NULL,
  PRIMARY KEY (tenant_id, code, year),
  FOREIGN KEY (tenant_id, code) REFERENCES file_plan_entries
);
SELECT sockel_protect('reference_counters');

CREATE TABLE dossiers (
  tenant_id       text        NOT NULL,
  dossier_id      uuid        NOT NULL,  -- UUIDv7: sorts by creation
  code            text        NOT NULL,
  reference       text        NOT NULL,
  subject         text        NOT NULL,
  confidentiality text        NOT NULL,
  state           text        NOT NULL,
  retention_years integer,    -- NULL: unlimited
  disposition     text        NOT NULL,
  close_time      timestamptz,
  retention_end   date,
  creator         text        NOT NULL,
  revision        bigint      NOT NULL DEFAULT 1,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, dossier_id),
  UNIQUE (tenant_id, reference),
  FOREIGN KEY (tenant_id, code) REFERENCES file_plan_entries
);
-- One index for each combination of filters that ListDossiers takes.
CREATE INDEX dossiers_by_state ON dossiers (tenant_id, state, dossier_id);
CREATE INDEX dossiers_by_entry ON dossiers (tenant_id, code, dossier_id);
CREATE INDEX dossiers_by_entry_and_state ON dossiers (tenant_id, code, state, dossier_id);
SELECT sockel_protect('dossiers');

-- Bytes in the content store.
CREATE TABLE contents (
  tenant_id   text        NOT NULL,
  content_id  uuid        NOT NULL,
  size        bigint      NOT NULL,
  sha256      bytea       NOT NULL,
  media_type  text        NOT NULL,
  wrapped_key bytea       NOT NULL,
  key_version integer     NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, content_id),
  FOREIGN KEY (tenant_id, key_version) REFERENCES tenant_keys
);
SELECT sockel_protect('contents');

CREATE TABLE documents (
  tenant_id         text        NOT NULL,
  dossier_id        uuid        NOT NULL,
  document_id       uuid        NOT NULL,  -- UUIDv7: sorts by filing
  content_id        uuid        NOT NULL,
  subject           text        NOT NULL,
  document_type     text        NOT NULL,
  document_date     date,
  receive_date      date,
  send_date         date,
  sender            text        NOT NULL,
  recipients        text[]      NOT NULL,
  foreign_reference text        NOT NULL,
  file_name         text        NOT NULL,
  creator           text        NOT NULL,
  revision          bigint      NOT NULL DEFAULT 1,
  create_time       timestamptz NOT NULL,
  update_time       timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, dossier_id, document_id),
  UNIQUE (tenant_id, content_id),
  FOREIGN KEY (tenant_id, dossier_id) REFERENCES dossiers,
  FOREIGN KEY (tenant_id, content_id) REFERENCES contents
);
SELECT sockel_protect('documents');

-- Content on its way. Becomes a row of contents with the same id when filed.
CREATE TABLE uploads (
  tenant_id       text        NOT NULL,
  upload_id       uuid        NOT NULL,
  dossier_id      uuid        NOT NULL,
  creator         text        NOT NULL,
  size            bigint      NOT NULL,
  sha256          bytea       NOT NULL,
  received        bigint      NOT NULL DEFAULT 0,
  state           text        NOT NULL,
  media_type      text        NOT NULL DEFAULT '',
  wrapped_key     bytea       NOT NULL,
  key_version     integer     NOT NULL,
  -- The stream that may record progress; a new one fences off the old.
  writer          uuid,
  bytes_removed   boolean     NOT NULL DEFAULT false,
  create_time     timestamptz NOT NULL,
  expire_time     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, upload_id),
  FOREIGN KEY (tenant_id, dossier_id) REFERENCES dossiers,
  FOREIGN KEY (tenant_id, key_version) REFERENCES tenant_keys
);
CREATE INDEX uploads_unfinished ON uploads (tenant_id, dossier_id)
  WHERE state IN ('RECEIVING', 'COMPLETE');
CREATE INDEX uploads_to_expire ON uploads (expire_time) WHERE state IN ('RECEIVING', 'COMPLETE');
CREATE INDEX uploads_to_remove ON uploads (expire_time)
  WHERE state IN ('CANCELLED', 'EXPIRED') AND NOT bytes_removed;
SELECT sockel_protect('uploads');
