"""tools/dev demo notices differences, and leaves no damage."""

import base64
import json
import os
import zipfile
from dataclasses import replace

import demo_documents as documents
import pytest
import ui
from demo_evidence import Tampering, change_one_byte


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "documents"
    (root / "b").mkdir(parents=True)
    (root / "a.txt").write_text("one")
    (root / "b" / "a.txt").write_text("two")
    (root / "b" / "same.txt").write_text("two")
    (root / "empty").write_bytes(b"")
    return root


def _downloaded(tmp_path, *contents):
    target = tmp_path / "downloaded"
    target.mkdir()
    for number, content in enumerate(contents):
        (target / str(number)).write_text(content)
    return target


def _listed(sources):
    return [{"content": {"size": str(source.size),
                         "sha256": base64.b64encode(bytes.fromhex(source.sha256)).decode()}}
            for source in sources]


def test_every_regular_file_is_found_and_the_rest_is_named(folder):
    os.symlink(folder / "a.txt", folder / "link")
    os.symlink("nowhere", folder / "broken")
    os.symlink(folder / "b", folder / "folder")
    os.mkfifo(folder / "pipe")
    sources, skipped = documents.scan(folder)
    assert sorted(source.label for source in sources) == [
        "a.txt", "b/a.txt", "b/same.txt", "empty", "link"]
    assert sorted(os.path.basename(path) for path in skipped) == ["broken", "folder", "pipe"]


def test_names_of_any_bytes_can_be_shown(folder):
    with open(os.path.join(os.fsencode(folder), b"bad-\xff\x1b[31m"), "wb"):
        pass
    assert "bad-\ufffd\ufffd[31m" in [source.label for source in documents.scan(folder)[0]]


def test_what_came_back_is_accepted_under_any_name(folder, tmp_path):
    sources, _ = documents.scan(folder)
    documents.compare_folder(sources, _downloaded(tmp_path, "two", "", "one", "two"))
    documents.compare_listed(sources, _listed(sources))


@pytest.mark.parametrize("contents", [
    ("two", "", "one"),  # one of two equal ones is missing
    ("two", "two", "", "onE"),
    ("two", "two", "", "one", "one"),  # one too many
    ("two", "two", " ", "one"),
])
def test_what_came_back_otherwise_is_a_failure(folder, tmp_path, contents):
    sources, _ = documents.scan(folder)
    with pytest.raises(ui.Failure, match="differ"):
        documents.compare_folder(sources, _downloaded(tmp_path, *contents))


def test_a_wrong_list_is_a_failure(folder):
    sources, _ = documents.scan(folder)
    for wrong in (sources[1:], sources + sources[:1], [replace(sources[0], size=99), *sources[1:]]):
        with pytest.raises(ui.Failure, match="differ"):
            documents.compare_listed(sources, _listed(wrong))


class Database:
    """Stands in for the cluster: one entry of the log."""

    def __init__(self, leaf):
        self.leaf = leaf

    def sql(self, script, _database):
        if script.startswith("SELECT"):
            return f"7|{self.leaf}\n"
        self.leaf = script.split("decode('")[1].split("'")[0]
        return ""


def test_a_changed_entry_is_put_back_whatever_happens(tmp_path):
    database = Database("0a0b0c")
    tampering = Tampering(database, tmp_path / "tampered.json")
    with pytest.raises(KeyError):
        with tampering.one_byte_of_an_entry("smi", "tenants/smi/dossiers/1"):
            assert database.leaf == "0a0b0d"
            raise KeyError
    assert database.leaf == "0a0b0c"
    assert not tampering.put_back()


def test_the_next_run_puts_back_what_a_killed_one_left(tmp_path):
    database = Database("0a0b0d")
    record = tmp_path / "tampered.json"
    record.write_text(json.dumps({"tenant": "smi", "index": 7, "leaf": "0a0b0c"}))
    assert Tampering(database, record).put_back()
    assert database.leaf == "0a0b0c"
    assert not record.exists()


def test_a_falsified_copy_is_a_faultless_zip_file_with_one_other_byte(tmp_path):
    bundle, changed = tmp_path / "evidence.zip", tmp_path / "changed.zip"
    with zipfile.ZipFile(bundle, "w") as made:
        made.writestr("manifest.json", "{}")
        made.writestr("documents/0001-empty", b"")
        made.writestr("documents/0002-a.txt", b"abc")
    assert change_one_byte(bundle, changed) == "documents/0002-a.txt"
    with zipfile.ZipFile(changed) as read:
        assert read.testzip() is None
        assert read.read("documents/0002-a.txt") == b"`bc"
        assert read.read("manifest.json") == b"{}"
