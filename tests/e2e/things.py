"""One of everything a ministry can have, and right requests about them."""

import client
import jwt
import records
from google.protobuf import json_format
from sockel.catalog.v1 import offering_pb2, order_pb2
from sockel.efile.v1 import file_plan_pb2
from sockel.identity.v1 import authentication_pb2, service_account_pb2, tenant_pb2
from sockel.notification.v1 import inbox_pb2, message_pb2, template_pb2
from suite import PASSWORD, Key, wait_until

import api
import suite as suite_module

# Together, all that can be allowed to a person of a ministry.
EVERY_ROLE = ("tenant-admin", "records-manager", "application", "auditor")
RETENTION = {"years": 10, "disposition": "APPRAISE"}


class Things:
    """A furnished ministry. `names` has a resource that is there for each type of resource."""

    def __init__(self, suite, ministry):
        self.suite, self.ministry, self.code = suite, ministry, ministry.code
        self.person_name = suite.user(ministry.admin, self.code, "alles", *EVERY_ROLE)
        self.person = suite.sign_in(self.code, "alles")
        self.names = {"identity.sockel/Tenant": ministry.name, **self._accounts(),
                      **self._files(), **self._messages(), **self._orders()}

    def _accounts(self):
        """Others than the ones the tests work with, so that they may be spoilt."""
        user = self.suite.user(self.person, self.code, "opfer", "caseworker")
        self.suite.sign_in(self.code, "opfer").close()
        account = self.person.service_accounts.CreateServiceAccount(
            service_account_pb2.CreateServiceAccountRequest(
                parent=f"tenants/{self.code}", service_account_id="opfer",
                service_account=service_account_pb2.ServiceAccount(
                    display_name="Opfer", keys=[{"public_key_jwk": Key().jwk}])))
        sessions = self.person.authentication.ListSessions(
            authentication_pb2.ListSessionsRequest(parent=user)).sessions
        self.key_id = account.keys[0].key_id
        return {"identity.sockel/User": user, "identity.sockel/ServiceAccount": account.name,
                "identity.sockel/Session": sessions[0].name,
                "identity.sockel/RoleBinding": self.suite.bind(self.person, user, "reader")}

    def _files(self):
        entry = self.person.file_plan.CreateFilePlanEntry(file_plan_pb2.CreateFilePlanEntryRequest(
            parent=f"tenants/{self.code}", file_plan_entry_id="77",
            file_plan_entry=json_format.ParseDict(
                {"title": "Geheimes", "retention": RETENTION}, file_plan_pb2.FilePlanEntry())))
        dossier = records.create_dossier(self.person, self.code, "Geheim")
        document = records.file_inline(self.person, dossier.name, b"secret", "Geheim")
        upload = records.create_upload(self.person, dossier.name, b"half a secret")
        return {"efile.sockel/FilePlanEntry": entry.name, "efile.sockel/Dossier": dossier.name,
                "efile.sockel/Document": document.name, "efile.sockel/Upload": upload.name}

    def _messages(self):
        template = self.person.templates.CreateTemplate(template_pb2.CreateTemplateRequest(
            parent=f"tenants/{self.code}", template_id="geheim", template=template_pb2.Template(
                latest={"texts": [{"locale": "de", "subject": "s", "text_body": "t"}]})))
        message = self.person.messages.SendMessage(message_pb2.SendMessageRequest(
            parent=f"tenants/{self.code}",
            message=message_pb2.Message(
                content=template_pb2.Content(subject="s", text_body="t"),
                recipients=[message_pb2.Recipient(user=self.person_name)],
                channels=[message_pb2.Message.INBOX])))
        deliveries = self.person.messages.ListDeliveries(
            message_pb2.ListDeliveriesRequest(parent=message.name)).deliveries
        items = wait_until(lambda: self.person.inbox.ListInboxItems(
            inbox_pb2.ListInboxItemsRequest(
                parent=self.person_name)).inbox_items, 20, "the inbox item")
        return {"notification.sockel/Template": template.name,
                "notification.sockel/TemplateVersion": template.latest.name,
                "notification.sockel/Sender": f"tenants/{self.code}/senders/default",
                "notification.sockel/Message": message.name,
                "notification.sockel/Delivery": deliveries[0].name,
                "notification.sockel/InboxItem": items[0].name}

    def _orders(self):
        plan = "offerings/efile/plans/standard"
        order = self.person.orders.CreateOrder(order_pb2.CreateOrderRequest(
            parent=f"tenants/{self.code}",
            order=json_format.ParseDict({"plan": plan, "parameters": {"tenant_code": self.code}},
                                        order_pb2.Order())))
        # A draft, so that the provider's staff can still change it.
        offering = f"entwurf-{self.code}"
        self.suite.operator().offerings.CreateOffering(offering_pb2.CreateOfferingRequest(
            offering_id=offering, offering=offering_pb2.Offering(title="Entwurf")))
        return {"catalog.sockel/Order": order.name, "catalog.sockel/Plan": plan,
                "catalog.sockel/Offering": f"offerings/{offering}",
                # Ordered by the provider for the ministry.
                "catalog.sockel/Subscription": self.ministry.order.subscription}

    def request(self, rpc, **names):
        """A right request of the RPC; `names` replaces some of ours, by type of resource."""
        names = {**self.names, **names}
        if rpc.method.containing_service.name == "InboxService":  # everybody has only the own
            names["identity.sockel/User"] = self.person_name
        message = api.plausible(rpc.request_class(), self.code, names)
        json_format.ParseDict(self._particulars(names).get(message.DESCRIPTOR.name, {}), message)
        return message

    def absent(self, rpc):
        """The same about things that are not there."""
        message = api.plausible(rpc.request_class(), self.code)
        names = {**self.names, **{type_name: api.example_name(type_name, self.code)
                                  for type_name in self.names}}
        json_format.ParseDict(self._particulars(names).get(message.DESCRIPTOR.name, {}), message)
        return message

    def _particulars(self, names):
        """What cannot be told from the descriptors, by request."""
        text = {"locale": "de", "subject": "s", "textBody": "t"}
        key = {"publicKeyJwk": Key().jwk}
        return {
            "ActivateUserRequest": {"newPassword": PASSWORD},
            "AddServiceAccountKeyRequest": {"key": key},
            "CheckRequest": {"permission": "efile.dossiers.get"},
            "CreateDocumentRequest": {"inlineContent": "eA=="},
            "CreateDossierRequest": {"dossier": {
                "filePlanEntry": names["efile.sockel/FilePlanEntry"], "subject": "Antrag"}},
            "CreateFilePlanEntryRequest": {"filePlanEntry": {"retention": RETENTION}},
            "CreateOrderRequest": {"order": {"parameters": {"tenant_code": self.code}}},
            "CreatePlanRequest": {"plan": {"steps": [{"service": "efile"}]}},
            "CreateRoleBindingRequest": {"roleBinding": {
                "principal": names["identity.sockel/User"], "role": "auditor"}},
            "CreateSenderRequest": {"sender": {"emailAddress": "post@example.org"}},
            "CreateServiceAccountRequest": {"serviceAccount": {"keys": [key]}},
            "CreateTemplateRequest": {"template": {"latest": {"texts": [text]}}},
            "CreateTemplateVersionRequest": {"templateVersion": {"texts": [text]}},
            "CreateTenantRequest": {"tenant": {"kind": "AUTHORITY"}},
            "ProvisionRequest": {"parameters": suite_module.parameters("example", Key())},
            "RemoveServiceAccountKeyRequest": {"keyId": self.key_id},
            "SendMessageRequest": {"message": {
                "content": {"subject": "s", "textBody": "t"},
                "recipients": [{"emailAddress": "buergerin@example.org"}]}},
            "UpdateDossierRequest": {"dossier": {"subject": "Antrag"}},
        }


def provider(suite):
    """The catalog's own account: the provisioner of the suite."""
    text = (suite.state / "secrets" / "catalog" / "service-account.jwk").read_text()
    key = jwt.PyJWK.from_json(text)
    return client.application(suite.targets, "tenants/provider/serviceAccounts/catalog", key.key,
                              key.key_id)
