-- Failed sign-ins are counted for tenants that do not exist, too: who guesses the
-- codes of tenants sees no difference.
ALTER TABLE sign_in_guards DROP CONSTRAINT sign_in_guards_tenant_id_fkey;

-- Whether the account ever got a token. Those from before may have.
ALTER TABLE service_accounts ADD COLUMN used boolean NOT NULL DEFAULT true;
ALTER TABLE service_accounts ALTER COLUMN used SET DEFAULT false;
