-- Templates, senders, messages, deliveries, inbox.

CREATE TABLE templates (
  tenant_id      text        NOT NULL,
  template_id    text        NOT NULL,
  display_name   text        NOT NULL,
  latest_version integer     NOT NULL,
  create_time    timestamptz NOT NULL,
  update_time    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, template_id)
);
SELECT sockel_protect('templates');

CREATE TABLE template_versions (
  tenant_id   text        NOT NULL,
  template_id text        NOT NULL,
  version     integer     NOT NULL,
  -- Serialised sockel.notification.v1.TemplateVersion: parameters and texts.
  content     bytea       NOT NULL,
  create_time timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, template_id, version),
  FOREIGN KEY (tenant_id, template_id) REFERENCES templates
);
SELECT sockel_protect('template_versions');

CREATE TABLE senders (
  tenant_id        text        NOT NULL,
  sender_id        text        NOT NULL,
  email_address    text        NOT NULL,
  display_name     text        NOT NULL,
  reply_to_address text        NOT NULL,
  create_time      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, sender_id)
);
SELECT sockel_protect('senders');

-- A message as it will be read: rendered, with the sender as it was then.
CREATE TABLE messages (
  tenant_id        text        NOT NULL,
  message_id       uuid        NOT NULL,
  template_id      text,        -- NULL: literal content
  template_version integer,
  locale           text        NOT NULL,
  subject          text        NOT NULL,
  text_body        text        NOT NULL,
  html_body        text        NOT NULL,
  channels         smallint[]  NOT NULL,  -- numbers of Message.Channel
  priority         smallint    NOT NULL,  -- number of Message.Priority
  sender_id        text        NOT NULL,
  from_address     text        NOT NULL,
  from_name        text        NOT NULL,
  reply_to_address text        NOT NULL,
  reference        text        NOT NULL,
  not_before_time  timestamptz,
  expire_time      timestamptz NOT NULL,
  create_time      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, message_id)
);
CREATE INDEX messages_by_reference ON messages (tenant_id, reference, message_id)
  WHERE reference <> '';
SELECT sockel_protect('messages');

-- One message to one recipient by one channel; at the same time the queue.
CREATE TABLE deliveries (
  tenant_id     text        NOT NULL,
  delivery_id   uuid        NOT NULL,
  message_id    uuid        NOT NULL,
  ordinal       integer     NOT NULL,  -- in the order of the recipients
  channel       smallint    NOT NULL,
  user_id       text,
  email_address text,
  priority      smallint    NOT NULL,
  state         smallint    NOT NULL,  -- number of Delivery.State
  attempts      integer     NOT NULL DEFAULT 0,
  -- When a worker may take it: the next attempt, or, while SENDING, the end of
  -- the lease of the worker that has it. NULL in a final state.
  due_time      timestamptz,
  expire_time   timestamptz NOT NULL,
  create_time   timestamptz NOT NULL,
  -- All that happened, oldest first: [{"t": µs since 1970, "s": state,
  -- "r": reason, "d": detail, "a": attempt}].
  transitions   jsonb       NOT NULL,
  PRIMARY KEY (tenant_id, delivery_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES messages,
  CHECK ((user_id IS NULL) <> (email_address IS NULL))
);
CREATE UNIQUE INDEX deliveries_by_message ON deliveries (tenant_id, message_id, ordinal);
-- The queue. Emergencies (priority 1) of all tenants come first, by due time;
-- the rest is taken tenant by tenant.
CREATE INDEX deliveries_emergencies ON deliveries (due_time) INCLUDE (state)
  WHERE due_time IS NOT NULL AND priority = 1;
CREATE INDEX deliveries_queue ON deliveries (tenant_id, priority, due_time) INCLUDE (state)
  WHERE due_time IS NOT NULL AND priority > 1;
SELECT sockel_protect('deliveries');

CREATE TABLE inbox_items (
  tenant_id   text        NOT NULL,
  user_id     text        NOT NULL,
  item_id     uuid        NOT NULL,
  message_id  uuid        NOT NULL,
  create_time timestamptz NOT NULL,
  read_time   timestamptz,
  PRIMARY KEY (tenant_id, user_id, item_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES messages
);
CREATE INDEX inbox_items_unread ON inbox_items (tenant_id, user_id, item_id)
  WHERE read_time IS NULL;
SELECT sockel_protect('inbox_items');

-- What the catalog ordered.
CREATE TABLE provisioned_instances (
  tenant_id    text        NOT NULL,
  instance_id  uuid        NOT NULL,
  request_hash bytea       NOT NULL,  -- SHA-256 of the ordered parameters
  sender_id    text        NOT NULL,
  active       boolean     NOT NULL,  -- false: taken back
  update_time  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, instance_id)
);
SELECT sockel_protect('provisioned_instances');
