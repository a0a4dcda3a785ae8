-- Keys that were removed from service accounts. `bootstrap` runs again with every
-- upgrade, and may be given a key that was removed meanwhile: it stays removed.
CREATE TABLE removed_service_account_keys (
  tenant_id          text        NOT NULL,
  service_account_id text        NOT NULL,
  key_id             text        NOT NULL,  -- RFC 7638 thumbprint
  remove_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, service_account_id, key_id),
  FOREIGN KEY (tenant_id, service_account_id) REFERENCES service_accounts ON DELETE CASCADE
);
SELECT sockel_protect('removed_service_account_keys');
