-- W3C traceparent of the call that sent the message, which its deliveries continue. Empty: sent through
-- a version that did not write it down.
ALTER TABLE messages ADD COLUMN traceparent text NOT NULL DEFAULT '';
