-- W3C traceparent of the call that approved the order, which its provisioning continues. Empty: not
-- approved, or by a version that did not write it down.
ALTER TABLE orders ADD COLUMN traceparent text NOT NULL DEFAULT '';
