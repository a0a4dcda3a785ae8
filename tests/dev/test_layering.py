"""The layering check finds what it is there to find."""

from pathlib import Path

import layering
import pytest


def findings(tmp_path, name, text, neighbours=()):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for neighbour in neighbours:
        (path.parent / neighbour).write_text("")
    return layering.check_file(tmp_path, Path(name), text)


@pytest.mark.parametrize("name, text", [
    ("common/pg/a.cc", '#include "services/efile/config.h"\n'),
    ("common/pg/a.cc", '#include "sockel/efile/v1/dossier.pb.h"\n'),
    ("services/efile/a.cc", '#include "services/identity/users/users.h"\n'),
    ("services/efile/dossiers/dossiers_service.cc", "#include <pqxx/pqxx>\n"),
    ("services/efile/dossiers/dossiers_service.cc", 'auto q = "SELECT name FROM dossiers";\n'),
    ("services/efile/dossiers/dossiers.cc", 'auto q = R"(INSERT INTO dossiers VALUES (1))";\n'),
    ("services/efile/dossiers/dossiers.cc", "#include <grpcpp/grpcpp.h>\n"),
    ("services/efile/dossiers/dossiers.cc", "#include <pqxx/pqxx>\n"),
])
def test_refuses(tmp_path, name, text):
    assert len(findings(tmp_path, name, text, ["dossiers_service.h"])) == 1


@pytest.mark.parametrize("name, text", [
    ("common/client/a.cc", '#include "sockel/identity/v1/authentication.grpc.pb.h"\n'),
    ("services/standalone/main.cc", '#include "services/efile/service.h"\n'),
    ("services/efile/dossiers/dossiers_service.cc", "#include <grpcpp/grpcpp.h>\n"),
    ("services/efile/dossiers/dossiers_store.cc", 'auto q = "SELECT name FROM dossiers";\n'),
    ("services/efile/dossiers/dossiers.cc", 'auto e = "select a plan from the list";\n'),
])
def test_accepts(tmp_path, name, text):
    assert findings(tmp_path, name, text, ["dossiers_service.h"]) == []


def test_names_the_line(tmp_path):
    assert findings(tmp_path, "services/efile/a.cc", '\n\n#include "services/catalog/x.h"\n')[0] \
        .startswith("services/efile/a.cc:3: ")
