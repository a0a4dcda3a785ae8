"""From order to a ministry that works."""

from contextlib import closing

import client
import records
import suite as s
import things
from sockel.catalog.v1 import order_pb2
from sockel.efile.v1 import file_plan_pb2
from sockel.identity.v1 import access_pb2, user_pb2


def test_a_ministry_is_onboarded_by_an_approved_order(suite, smi):
    assert smi.order.subscription
    entries = smi.application.file_plan.ListFilePlanEntries(
        file_plan_pb2.ListFilePlanEntriesRequest(parent="tenants/smi")).file_plan_entries
    assert [entry.name for entry in entries] == ["tenants/smi/filePlanEntries/51"]
    me = smi.admin.access.WhoAmI(access_pb2.WhoAmIRequest())
    assert me.principal == smi.admin_name
    assert list(me.roles) == ["tenant-admin"]


def test_the_invitation_is_a_real_mail_from_the_new_ministry(smi):
    assert "poststelle@smi.example" in smi.invitation["from"]
    assert smi.invitation["subject"] == "Ihr Administratorkonto"


def test_the_catalog_can_invite_an_administrator_but_not_take_over_from_one(suite, smi):
    details = client.refused(things.provider(suite).users.IssueActivationCode,
                             user_pb2.IssueActivationCodeRequest(name=smi.admin_name))
    assert (details.code.name, details.reason) == ("PERMISSION_DENIED", "USER_ACTIVATED")


def test_nobody_approves_the_own_order(suite):
    suite.publish_offering()
    order = suite.order("own", s.Key())
    details = client.refused(suite.operator().orders.ApproveOrder,
                             order_pb2.ApproveOrderRequest(name=order.name))
    assert (details.code.name, details.reason) == ("PERMISSION_DENIED", "OWN_ORDER")
    assert details.domain == "catalog.sockel"


def test_all_in_one_process_a_ministry_is_onboarded_and_files_a_document():
    with closing(s.Suite("--standalone")) as whole:
        ministry = whole.onboard("smi")
        dossier = records.create_dossier(ministry.application, "smi")
        document = records.file_inline(ministry.application, dossier.name, b"Sehr geehrte")
        assert records.download(ministry.application, document.name)[1] == b"Sehr geehrte"
        assert whole.lives("standalone")


def test_a_refused_provisioning_leaves_nothing_behind(suite):
    """The second ministry with the same code fails, and the first one keeps working."""
    suite.publish_offering()
    first = suite.onboard("twice")
    order = suite.order("twice", s.Key())
    suite.operator("approver").orders.ApproveOrder(order_pb2.ApproveOrderRequest(name=order.name))
    order = suite.finished(order.name)
    assert order.state == order_pb2.Order.FAILED
    assert "identity" in order.failure
    assert first.admin.access.WhoAmI(access_pb2.WhoAmIRequest()).tenant == "tenants/twice"
