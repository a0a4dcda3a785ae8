"""One trace id leads through the logs of all services."""

import re
import secrets

import pytest
import suite as s
from sockel.catalog.v1 import order_pb2

PROVISION = "sockel.provisioner.v1.ProvisionerService/Provision"


@pytest.fixture(scope="module")
def trace_id(suite):
    """Of the approval of an order that brought a ministry in."""
    suite.publish_offering()
    order = suite.order("trace", s.Key())
    chosen = secrets.token_hex(16)
    suite.operator("approver").orders.ApproveOrder(
        order_pb2.ApproveOrderRequest(name=order.name),
        metadata=[("traceparent", f"00-{chosen}-{secrets.token_hex(8)}-01")])
    assert suite.finished(order.name).state == order_pb2.Order.COMPLETED
    return chosen


def _calls(suite, service, trace_id):
    """The methods of the trace's calls in the service's access log."""
    line = re.compile(rf'"method":"([^"]+)".*"trace_id":"{trace_id}"')
    return {method for log in (suite.state / "log").glob(f"{service}*.log")
            for method in line.findall(log.read_text(errors="replace"))}


@pytest.mark.parametrize(("service", "methods"), [
    ("catalog", {"sockel.catalog.v1.OrderService/ApproveOrder"}),
    ("identity", {PROVISION, "sockel.identity.v1.UserService/IssueActivationCode"}),
    ("efile", {PROVISION}),
    ("notification", {PROVISION, "sockel.notification.v1.MessageService/SendMessage"}),
])
def test_provisioning_goes_on_in_the_trace_of_the_approval(suite, trace_id, service, methods):
    s.wait_until(lambda: methods <= _calls(suite, service, trace_id), 20, f"{methods} in the log")


def test_so_does_the_delivery_of_the_message_that_was_sent_for_it(suite, trace_id):
    """notification asks identity for the recipient's address."""
    s.wait_until(lambda: "sockel.identity.v1.UserService/GetUser" in _calls(suite, "identity", trace_id),
                 30, "GetUser in the log")
