-- Tenants, their principals, and what proves who they are.

-- The registry of tenants. A tenant's code is its tenant_id everywhere.
CREATE TABLE tenants (
  tenant_id    text PRIMARY KEY,
  display_name text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('MINISTRY', 'AUTHORITY', 'PROVIDER')),
  state        text NOT NULL CHECK (state IN ('ACTIVE', 'SUSPENDED')),
  revision     bigint NOT NULL DEFAULT 1,
  create_time  timestamptz NOT NULL,
  update_time  timestamptz NOT NULL
);
SELECT sockel_protect('tenants');
-- The provider runs the registry: creating and listing tenants happens in the
-- provider's tenant, so that both stand in the provider's log.
CREATE POLICY provider_runs_the_registry ON tenants
  USING (current_setting('sockel.tenant', true) = 'provider');

CREATE TABLE users (
  tenant_id     text NOT NULL REFERENCES tenants,
  user_id       text NOT NULL,
  login         text NOT NULL,
  display_name  text NOT NULL,
  email         text NOT NULL,
  locale        text NOT NULL,
  state         text NOT NULL CHECK (state IN ('ACTIVE', 'LOCKED')),
  -- Argon2id in PHC form, which says its own parameters; NULL before activation.
  password_hash text,
  revision      bigint NOT NULL DEFAULT 1,
  create_time   timestamptz NOT NULL,
  update_time   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  UNIQUE (tenant_id, login)
);
SELECT sockel_protect('users');

-- Failed sign-ins by login, whether a user has it or not: who guesses logins
-- sees no difference.
CREATE TABLE sign_in_guards (
  tenant_id         text NOT NULL REFERENCES tenants ON DELETE CASCADE,
  login             text NOT NULL,
  failures          integer NOT NULL,
  blocked_until     timestamptz NOT NULL,
  last_failure_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, login)
);
CREATE INDEX sign_in_guards_by_age ON sign_in_guards (last_failure_time);
SELECT sockel_protect('sign_in_guards');

CREATE TABLE activation_codes (
  tenant_id   text NOT NULL,
  user_id     text NOT NULL,
  -- SHA-256 of the code, which itself is nowhere: the server derives it.
  code_hash   bytea NOT NULL,
  expire_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, user_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
SELECT sockel_protect('activation_codes');

CREATE TABLE service_accounts (
  tenant_id          text NOT NULL REFERENCES tenants,
  service_account_id text NOT NULL,
  display_name       text NOT NULL,
  revision           bigint NOT NULL DEFAULT 1,
  create_time        timestamptz NOT NULL,
  update_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, service_account_id)
);
SELECT sockel_protect('service_accounts');

CREATE TABLE service_account_keys (
  tenant_id          text NOT NULL,
  service_account_id text NOT NULL,
  key_id             text NOT NULL,  -- RFC 7638 thumbprint
  public_jwk         text NOT NULL,
  expire_time        timestamptz,    -- NULL = never
  create_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, service_account_id, key_id),
  FOREIGN KEY (tenant_id, service_account_id) REFERENCES service_accounts ON DELETE CASCADE
);
SELECT sockel_protect('service_account_keys');

-- Client assertions that were accepted, until they would be refused as expired.
CREATE TABLE used_assertions (
  tenant_id          text NOT NULL,
  service_account_id text NOT NULL,
  assertion_id       text NOT NULL,  -- jti
  expire_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, service_account_id, assertion_id)
);
CREATE INDEX used_assertions_by_age ON used_assertions (expire_time);
SELECT sockel_protect('used_assertions');

CREATE TABLE role_bindings (
  tenant_id          text NOT NULL REFERENCES tenants,
  role_binding_id    text NOT NULL,
  -- One of the two: who has the role.
  user_id            text,
  service_account_id text,
  role               text NOT NULL,
  create_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, role_binding_id),
  CHECK (num_nonnulls(user_id, service_account_id) = 1),
  UNIQUE (tenant_id, user_id, role),
  UNIQUE (tenant_id, service_account_id, role),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, service_account_id) REFERENCES service_accounts ON DELETE CASCADE
);
SELECT sockel_protect('role_bindings');

CREATE TABLE sessions (
  tenant_id              text NOT NULL,
  session_id             text NOT NULL,
  user_id                text NOT NULL,
  -- Space-separated, RFC 8176.
  authentication_methods text NOT NULL,
  -- SHA-256 of the one refresh token that is good now, and its number.
  refresh_hash           bytea NOT NULL,
  generation             integer NOT NULL,
  create_time            timestamptz NOT NULL,
  refresh_time           timestamptz NOT NULL,
  -- When it ends at the latest, and when it ends unless refreshed.
  expire_time            timestamptz NOT NULL,
  idle_expire_time       timestamptz NOT NULL,
  revoke_time            timestamptz,
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id, user_id) REFERENCES users ON DELETE CASCADE
);
CREATE INDEX sessions_by_user ON sessions (tenant_id, user_id, session_id);
CREATE INDEX sessions_by_age ON sessions (expire_time);
SELECT sockel_protect('sessions');

-- Keys that sign access tokens: the provider's. A key is published as soon as
-- it is here, signs from sign_time until a later key does, and is dropped after
-- expire_time.
CREATE TABLE signing_keys (
  tenant_id   text NOT NULL,
  key_id      text NOT NULL,   -- RFC 7638 thumbprint
  -- Private JWK under AES-256-GCM: nonce, ciphertext, tag.
  sealed_jwk  bytea NOT NULL,
  create_time timestamptz NOT NULL,
  sign_time   timestamptz NOT NULL,
  expire_time timestamptz,     -- set when a successor is made
  PRIMARY KEY (tenant_id, key_id)
);
SELECT sockel_protect('signing_keys');

-- What verifiers must refuse although it has not expired. Rows are dropped when
-- the last token they concern has expired.
CREATE TABLE revocations (
  tenant_id      text NOT NULL,
  revocation_id  text NOT NULL,
  subject        text NOT NULL,
  revoke_time    timestamptz NOT NULL,
  expire_time    timestamptz NOT NULL,
  -- Readers resume by it: see revocation_store.h.
  transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (tenant_id, revocation_id)
);
CREATE INDEX revocations_by_transaction ON revocations (transaction_id);
SELECT sockel_protect('revocations');

-- What the provisioner made for the catalog's subscriptions.
CREATE TABLE provisioned_instances (
  tenant_id          text NOT NULL,
  instance_id        text NOT NULL,
  -- SHA-256 of the parameters: the same instance with others is a conflict.
  parameters_hash    bytea NOT NULL,
  user_id            text NOT NULL,
  service_account_id text NOT NULL,
  -- Taken back, but the tenant had been used: suspended, not deleted.
  deprovisioned      boolean NOT NULL DEFAULT false,
  update_time        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, instance_id)
);
SELECT sockel_protect('provisioned_instances');
