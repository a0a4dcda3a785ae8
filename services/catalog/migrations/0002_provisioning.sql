-- For whom an application ordered; empty when somebody ordered in person.
ALTER TABLE orders ADD COLUMN on_behalf_of text NOT NULL DEFAULT '';

-- When the first try of the step began, of setting up or of taking back.
ALTER TABLE order_steps ADD COLUMN start_time timestamptz;

-- The provider's lists over all tenants. Those of one tenant have their own.
CREATE INDEX orders_of_all_by_time ON orders (create_time DESC, order_id DESC);
CREATE INDEX subscriptions_of_all_by_time ON subscriptions (create_time DESC, subscription_id DESC);
