-- Who may read a message, whose claim a delivery is, and who made a sender.

ALTER TABLE messages
  -- Resource name of the principal that sent it. Empty: sent through a version that did not
  -- write it down; nobody reads its text then.
  ADD COLUMN creator      text    NOT NULL DEFAULT '',
  -- Its texts are in no answer, and emptied once all its deliveries are final.
  ADD COLUMN confidential boolean NOT NULL DEFAULT false;

ALTER TABLE deliveries
  -- Of the worker that has it; a new one each time it is taken. `attempts` alone does not tell
  -- two claims apart: handing back counts it down.
  ADD COLUMN claim      uuid,
  -- How often a relay did not answer after the whole mail.
  ADD COLUMN unanswered integer NOT NULL DEFAULT 0;
-- Emergencies are taken in equal parts from the tenants that have some.
CREATE INDEX deliveries_emergencies_by_tenant ON deliveries (tenant_id, due_time) INCLUDE (state)
  WHERE due_time IS NOT NULL AND priority = 1;

-- The sender came with this instance, or with another one that was active then: it goes with the
-- last of them. False: it is the tenant's own.
ALTER TABLE provisioned_instances ADD COLUMN owns_sender boolean NOT NULL DEFAULT false;
-- A sender that came with an instance was created in the same transaction.
UPDATE provisioned_instances i SET owns_sender = true
FROM senders s
WHERE i.active AND s.tenant_id = i.tenant_id AND s.sender_id = i.sender_id
  AND EXISTS (SELECT FROM provisioned_instances first
              WHERE first.tenant_id = s.tenant_id AND first.sender_id = s.sender_id
                AND first.update_time = s.create_time);
