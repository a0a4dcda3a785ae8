-- What the provider offers. tenant_id is always the provider's code; every
-- tenant may read, only the provider writes.
CREATE TABLE offerings (
  tenant_id       text        NOT NULL,
  offering_id     text        NOT NULL,
  title           text        NOT NULL,
  description     text        NOT NULL,
  field_of_action text        NOT NULL,
  kind            text        NOT NULL,
  state           text        NOT NULL,
  revision        bigint      NOT NULL DEFAULT 1,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, offering_id)
);
SELECT sockel_protect_readable_by_all('offerings');

CREATE TABLE plans (
  tenant_id         text        NOT NULL,
  offering_id       text        NOT NULL,
  plan_id           text        NOT NULL,
  title             text        NOT NULL,
  parameters_schema jsonb,
  price_currency    text        NOT NULL,
  price_units       bigint      NOT NULL,
  price_nanos       integer     NOT NULL,
  steps             jsonb       NOT NULL,
  create_time       timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, offering_id, plan_id),
  FOREIGN KEY (tenant_id, offering_id) REFERENCES offerings
);
SELECT sockel_protect_readable_by_all('plans');

CREATE TABLE orders (
  tenant_id       text        NOT NULL,
  order_id        uuid        NOT NULL,
  plan            text        NOT NULL,  -- resource name, frozen
  parameters      jsonb       NOT NULL,
  price_currency  text        NOT NULL,
  price_units     bigint      NOT NULL,
  price_nanos     integer     NOT NULL,
  state           text        NOT NULL,
  requester       text        NOT NULL,
  decider         text        NOT NULL DEFAULT '',
  decision_reason text        NOT NULL DEFAULT '',
  decision_time   timestamptz,
  failure         text        NOT NULL DEFAULT '',
  -- Code of the tenant that will use the service.
  beneficiary     text        NOT NULL,
  -- Made at approval; also the instance id at the provisioners.
  subscription_id uuid,
  revision        bigint      NOT NULL DEFAULT 1,
  create_time     timestamptz NOT NULL,
  update_time     timestamptz NOT NULL,
  -- The provisioning worker's: when to look again, and who looks until when.
  next_attempt    timestamptz NOT NULL,
  lease_until     timestamptz NOT NULL DEFAULT '-infinity',
  PRIMARY KEY (tenant_id, order_id)
);
CREATE INDEX orders_due ON orders (next_attempt) WHERE state = 'PROVISIONING';
SELECT sockel_protect('orders');

CREATE TABLE order_steps (
  tenant_id text    NOT NULL,
  order_id  uuid    NOT NULL,
  position  integer NOT NULL,
  service   text    NOT NULL,
  state     text    NOT NULL,
  attempts  integer NOT NULL DEFAULT 0,
  error     text    NOT NULL DEFAULT '',
  outputs   jsonb   NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, order_id, position),
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders
);
SELECT sockel_protect('order_steps');

CREATE TABLE subscriptions (
  tenant_id       text        NOT NULL,
  subscription_id uuid        NOT NULL,
  order_id        uuid        NOT NULL,
  plan            text        NOT NULL,
  beneficiary     text        NOT NULL,
  state           text        NOT NULL,
  outputs         jsonb       NOT NULL,
  create_time     timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, subscription_id),
  FOREIGN KEY (tenant_id, order_id) REFERENCES orders
);
SELECT sockel_protect('subscriptions');

-- Lists are newest first.
CREATE INDEX orders_by_time ON orders (tenant_id, create_time DESC, order_id DESC);
CREATE INDEX subscriptions_by_time ON subscriptions (tenant_id, create_time DESC, subscription_id DESC);
