-- The verifiable log: one Merkle tree (RFC 6962) per tenant.

-- Entries of committed transactions that have no place in the log yet. A queue:
-- rows come with every change and go with the sequencer's next batch.
CREATE TABLE ledger_pending (
  tenant_id text        NOT NULL,
  -- Of the transaction that wrote the entry. Entries are put into the log in
  -- this order, so that of two changes where the second saw the first, the
  -- first comes first.
  xid       xid8        NOT NULL DEFAULT pg_current_xact_id(),
  -- Keeps the order within a transaction.
  position  bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
  leaf      bytea       NOT NULL,
  resource  text        NOT NULL COLLATE "C",
  time      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, xid, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
SELECT sockel_protect('ledger_pending');

CREATE TABLE ledger_entries (
  tenant_id text   NOT NULL,
  index     bigint NOT NULL,
  leaf      bytea  NOT NULL,
  -- SHA-256(0x00 || leaf): the nodes of level 0.
  leaf_hash bytea  NOT NULL,
  resource  text   NOT NULL COLLATE "C",
  PRIMARY KEY (tenant_id, index)
);
CREATE INDEX ledger_entries_by_resource ON ledger_entries (tenant_id, resource, index);
SELECT sockel_protect('ledger_entries');

-- Roots of complete subtrees from level 1 on: (level, index) covers the entries
-- [index * 2^level, (index + 1) * 2^level). Written once, never changed.
CREATE TABLE ledger_nodes (
  tenant_id text   NOT NULL,
  level     int    NOT NULL,
  index     bigint NOT NULL,
  hash      bytea  NOT NULL,
  PRIMARY KEY (tenant_id, level, index)
);
SELECT sockel_protect('ledger_nodes');

-- The newest checkpoint of each log. Older ones can be proven consistent with
-- it from the nodes, so they need not be kept.
CREATE TABLE ledger_checkpoints (
  tenant_id   text        NOT NULL PRIMARY KEY,
  tree_size   bigint      NOT NULL,
  root_hash   bytea       NOT NULL,
  -- Roots of the complete subtrees that make up the tree, 32 bytes each,
  -- largest first: what the next batch grows from.
  frontier    bytea       NOT NULL,
  -- The signed note.
  note        text        NOT NULL,
  update_time timestamptz NOT NULL
) WITH (fillfactor = 50);
SELECT sockel_protect('ledger_checkpoints');
