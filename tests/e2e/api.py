"""The public API as its descriptors tell it: every RPC, and requests made from field types."""

import importlib
import random
import uuid
from dataclasses import dataclass

import stubs
from google.api import field_behavior_pb2, resource_pb2
from google.protobuf import descriptor as d
from google.protobuf import message_factory
from patience import PATIENCE
from sockel.options.v1 import options_pb2

SERVERS = ("identity", "efile", "notification", "catalog")
# Contracts of which each server has its own: package → who serves it. The rest of the packages
# with RPCs are called as their server.
SHARED = {"audit": SERVERS, "events": SERVERS, "provisioner": SERVERS[:3]}


def _files():
    """The descriptors of every .proto file there is."""
    return [importlib.import_module(".".join(path.relative_to(stubs.PROTOS).parts)
                                    .removesuffix(".proto") + "_pb2").DESCRIPTOR
            for path in sorted((stubs.PROTOS / "sockel").rglob("*.proto"))]


FILES = _files()


@dataclass(frozen=True)
class Rpc:
    server: str  # which of the four serves it
    method: d.MethodDescriptor

    def __str__(self):
        return f"{self.server}:{self.method.full_name}"

    @property
    def permission(self):
        return self.method.GetOptions().Extensions[options_pb2.permission]

    @property
    def access(self):
        return self.method.GetOptions().Extensions[options_pb2.access]

    @property
    def request_class(self):
        return message_factory.GetMessageClass(self.method.input_type)

    def call(self, client, requests, timeout=20 * PATIENCE):
        """The first answer to raw request bytes (a list for a client stream)."""
        path = f"/{self.method.containing_service.full_name}/{self.method.name}"
        parse = message_factory.GetMessageClass(self.method.output_type).FromString
        channel = client.channel(self.server)
        raw = [r if isinstance(r, bytes) else r.SerializeToString() for r in requests]
        if self.method.client_streaming:
            return channel.stream_unary(path, bytes, parse)(iter(raw), timeout=timeout)
        if self.method.server_streaming:
            stream = channel.unary_stream(path, bytes, parse)(raw[0], timeout=timeout)
            try:
                return next(stream, None)
            finally:
                stream.cancel()
        return channel.unary_unary(path, bytes, parse)(raw[0], timeout=timeout)


def served_by(service):
    """The servers of a service, by its descriptor."""
    package = service.full_name.split(".")[1]
    return SHARED.get(package, (package,))


def every_rpc():
    for file in FILES:
        for service in file.services_by_name.values():
            for server in served_by(service):
                for method in service.methods:
                    yield Rpc(server, method)


def _patterns():
    found = {}
    for file in FILES:
        for message in file.message_types_by_name.values():
            resource = message.GetOptions().Extensions[resource_pb2.resource]
            if resource.type:
                found[resource.type] = resource.pattern[0]
    return found


PATTERNS = _patterns()


def example_name(resource_type, tenant, seed=0):
    """A well-formed name of that type in the tenant; nothing is behind it."""
    segments = []
    for segment in PATTERNS[resource_type].split("/"):
        if segment == "{tenant}":
            segments.append(tenant)
        elif segment == "{version}":
            segments.append("1")
        elif segment.startswith("{"):
            segments.append(str(uuid.UUID(int=random.Random(f"{segment}{seed}").getrandbits(128),
                                          version=4)))
        else:
            segments.append(segment)
    return "/".join(segments)


def reference(field):
    return field.GetOptions().Extensions[resource_pb2.resource_reference].type


def is_required(field):
    behaviour = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
    return field_behavior_pb2.REQUIRED in behaviour


def is_repeated(field):
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED


def plausible(message, tenant, names=None, depth=0):
    """Fills what is required, so that what a test spoils afterwards is the only thing wrong."""
    names = names or {}
    for field in message.DESCRIPTOR.fields:
        rules = field.GetOptions().Extensions[options_pb2.rules]
        type_name = reference(field)
        if is_repeated(field):
            continue
        # An Update names its resource inside it.
        own_name = depth == 1 and field.name == "name" and not type_name
        if type_name in PATTERNS and (is_required(field) or field.name in ("name", "parent")):
            setattr(message, field.name, names.get(type_name) or example_name(type_name, tenant))
        elif own_name and field.type == field.TYPE_STRING:
            resource = message.DESCRIPTOR.GetOptions().Extensions[resource_pb2.resource].type
            if resource:
                message.name = names.get(resource) or example_name(resource, tenant)
        elif not is_required(field):
            continue
        elif field.type == field.TYPE_MESSAGE:
            plausible(getattr(message, field.name), tenant, names, depth + 1)
            getattr(message, field.name).SetInParent()
        elif field.type == field.TYPE_STRING:
            setattr(message, field.name, _text(field, rules))
        elif field.type == field.TYPE_ENUM:
            setattr(message, field.name, field.enum_type.values[-1].number)
        elif field.type == field.TYPE_BYTES:
            setattr(message, field.name, b"x" * (rules.exact_bytes or 32))
        elif field.cpp_type in (field.CPPTYPE_INT32, field.CPPTYPE_INT64, field.CPPTYPE_UINT32,
                                field.CPPTYPE_UINT64):
            setattr(message, field.name, 1)
    return message


def _text(field, rules):
    if "instance" in field.name or "0-9a-f" in rules.pattern:
        return str(uuid.UUID(int=5, version=4))
    return "example" if field.name != "email_address" else "a@example.org"


def secondary_references(message, path=(), seen=()):
    """Paths of fields with which a request refers to something else than what it is about."""
    update = "update_mask" in (path[0].containing_type if path else message).fields_by_name
    for field in message.fields:
        behaviour = field.GetOptions().Extensions[field_behavior_pb2.field_behavior]
        # The service pays no regard to these.
        if field_behavior_pb2.OUTPUT_ONLY in behaviour or \
                update and field_behavior_pb2.IMMUTABLE in behaviour:
            continue
        primary = not path and field.name in ("name", "parent")
        if not primary and (reference(field) or field.name in UNTYPED_REFERENCES):
            yield (*path, field)
        inner = field.message_type
        if inner and inner.full_name.startswith("sockel.") and inner not in seen:
            yield from secondary_references(inner, (*path, field), (*seen, inner))


# References that may be of several types, by field name, and the type to try.
UNTYPED_REFERENCES = {"principal": "identity.sockel/User", "resource": "efile.sockel/Dossier",
                      "resource_prefix": "efile.sockel/Dossier"}


def referenced_type(field):
    """The type of resource whose name belongs in a field; empty when none does."""
    own = field.containing_type.GetOptions().Extensions[resource_pb2.resource].type
    return (reference(field) or UNTYPED_REFERENCES.get(field.name, "")
            or (own if field.name == "name" else ""))


def set_at(message, path, value):
    """Sets the field at the end of a path; of a repeated message on the way, the first."""
    *way, last = path
    for field in way:
        message = getattr(message, field.name)
        if is_repeated(field):
            message = message[0] if message else message.add()
    setattr(message, last.name, value)
