"""A migration that is written is applied: after the others, and in every build."""

import re

import layout
import pytest

FOLDERS = sorted({path.parent for path in layout.REPO.glob("[cs]*/*/migrations/*.sql")})


def test_every_service_has_some():
    assert {"identity", "efile", "notification", "catalog"} <= {folder.parent.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_all_of_a_folder_are_embedded_in_their_order(folder):
    there = sorted(path.name for path in folder.glob("*.sql"))
    text = (folder.parent / "CMakeLists.txt").read_text()
    assert re.findall(r"\bmigrations/(\S+?\.sql)\b", text) == there


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_their_numbers_have_no_gap(folder):
    numbers = sorted(int(path.name.partition("_")[0]) for path in folder.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
