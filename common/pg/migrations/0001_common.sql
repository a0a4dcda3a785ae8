-- What every service's database starts with.

-- Row-level security for a table whose rows carry tenant_id: a session sees and
-- writes the rows of the tenant it is bound to (`sockel.tenant`), or of all when
-- bound to `*`. The runtime role gets the rights to use it. `regclass` makes the
-- name safe to put into a statement.
CREATE FUNCTION sockel_protect(target regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  runtime_role text := current_setting('sockel.runtime_role', true);
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', target);
  EXECUTE format($policy$
    CREATE POLICY tenant_isolation ON %s
      USING (tenant_id = current_setting('sockel.tenant', true)
             OR current_setting('sockel.tenant', true) = '*')
      WITH CHECK (tenant_id = current_setting('sockel.tenant', true)
                  OR current_setting('sockel.tenant', true) = '*')
  $policy$, target);
  IF runtime_role <> '' THEN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO %I', target, runtime_role);
  END IF;
END
$$;

-- The same, but every tenant may read every row: what a provider offers to all.
CREATE FUNCTION sockel_protect_readable_by_all(target regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sockel_protect(target);
  EXECUTE format('CREATE POLICY readable_by_all ON %s FOR SELECT USING (true)', target);
END
$$;

-- First answers of the requests that carried a request_id.
CREATE TABLE idempotency_keys (
  tenant_id    text        NOT NULL,
  subject      text        NOT NULL,
  request_id   uuid        NOT NULL,
  method       text        NOT NULL,
  request_hash bytea       NOT NULL,
  response     bytea       NOT NULL,
  create_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, subject, request_id)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (create_time);
SELECT sockel_protect('idempotency_keys');

-- Ends the transaction. Called for each record of a request that is found, so
-- that asking "was this answered before?" needs no round trip of its own.
CREATE FUNCTION sockel_refuse_repeat() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'repeated request' USING ERRCODE = 'SK001';
END
$$;
