"""The layering check finds what it is there to find, in every part of every service."""

from pathlib import Path

import layering
import pytest
from layout import REPO

SQL = 'auto q = "SELECT name FROM dossiers";\n'
GRPC = "#include <grpcpp/grpcpp.h>\n"
PQXX = "#include <pqxx/pqxx>\n"


def findings(name, text):
    """As if the repo's file `name`, among its real neighbours, held `text`."""
    return layering.check_file(REPO, Path(name), text)


def of_kind(kind):
    files = sorted(path.relative_to(REPO) for path in (REPO / "services").rglob("*")
                   if path.suffix in (".h", ".cc"))
    return [path for path in files if layering.kind(REPO, path) == kind]


@pytest.mark.parametrize("name, text", [
    ("common/pg/pool.cc", '#include "services/efile/config.h"\n'),
    ("common/pg/pool.cc", '#include "sockel/efile/v1/dossier.pb.h"\n'),
    ("services/efile/service.cc", '#include "services/identity/users/users.h"\n'),
    ("tools/sockel/main.cc", '#include "services/efile/names.h"\n'),
    ("services/efile/dossiers/dossier_service.h", PQXX),
    ("services/efile/dossiers/dossier_service.h", SQL),
    ("services/efile/dossiers/dossiers.cc", 'auto q = R"(INSERT INTO dossiers VALUES (1))";\n'),
    ("services/efile/dossiers/dossiers.cc", '#include "sockel/efile/v1/dossier.grpc.pb.h"\n'),
    ("services/efile/dossiers/dossiers.cc", '#include "common/rpc/dispatcher.h"\n'),
    ("services/efile/dossiers/dossiers.h", "void Close(const pqxx::row& row);\n"),
    ("services/efile/dossiers/dossiers.h", "grpc::Status Close();\n"),
    ("services/efile/names.h", PQXX),
    ("services/catalog/provisioning/worker.cc", SQL),
])
def test_refuses(name, text):
    assert len(findings(name, text)) == 1


@pytest.mark.parametrize("name, text", [
    ("common/client/call.cc", '#include "sockel/identity/v1/authentication.grpc.pb.h"\n'),
    ("services/standalone/main.cc", '#include "services/efile/service.h"\n'),
    ("services/efile/dossiers/dossier_service.h", GRPC),
    ("services/efile/dossiers/dossier_store.cc", SQL + PQXX),
    ("services/efile/dossiers/dossiers_test.cc", SQL + PQXX),
    ("services/efile/dossiers/dossiers.cc", 'auto e = "select a plan from the list";\n'),
    ("services/efile/dossiers/dossiers.cc", "// Not a pqxx::row, and no grpc::Status.\n"),
    ("services/efile/uploads/append.h", '#include "common/rpc/stream.h"\n'),
    ("services/notification/directory/identity_directory.h", GRPC),  # it calls another service
])
def test_accepts(name, text):
    assert findings(name, text) == []


def test_every_use_case_beside_a_door_is_a_room():
    doors = [path for path in of_kind("door") if path.suffix == ".h"]
    assert doors
    for door in doors:
        assert [room for room in of_kind("room") if room.parent == door.parent], door


@pytest.mark.parametrize("text", [GRPC, PQXX, SQL], ids=["grpc", "pqxx", "sql"])
def test_no_room_may_know_grpc_or_sql(text):
    assert [room for room in of_kind("room") if not findings(str(room), text)] == []


@pytest.mark.parametrize("text", [PQXX, SQL], ids=["pqxx", "sql"])
def test_no_door_may_know_sql(text):
    assert [door for door in of_kind("door") if not findings(str(door), text)] == []


@pytest.mark.parametrize("name", [
    "services/efile/uploads/append.cc", "services/identity/users/activation.cc",
    "services/identity/sign_in/sessions.cc", "services/identity/revocations/revocation_feed.h",
    "services/catalog/orders/orders.cc", "services/notification/deliveries/delivery_lane.cc"])
def test_a_room_need_not_be_called_as_its_door(name):
    assert layering.kind(REPO, Path(name)) == "room"


def test_names_the_line():
    assert findings("services/efile/service.cc", '\n\n#include "services/catalog/names.h"\n')[0] \
        .startswith("services/efile/service.cc:3: ")


def test_the_repo_keeps_its_layers():
    assert layering.check(REPO)[1] == []
