"""tools/dev demo, as a person runs it: on a folder of theirs, again and again, after a kill."""

import json
import os
import random
import signal
import subprocess
import zipfile
from pathlib import Path

import pytest
from suite import REPO, SERVICES, Suite, wait_until

_TYPES = {
    ".txt": b"Antrag\n", ".html": b"<!DOCTYPE html><p>Antrag</p>\n", ".xml": b"<?xml version='1.0'?><a/>",
    ".json": b'{"a": 1}', ".csv": b"a;b\n1;2\n", ".md": b"# Antrag\n", ".svg": b"<svg xmlns='http://"
    b"www.w3.org/2000/svg'/>", ".pdf": b"%PDF-1.4\n%%EOF\n", ".png": b"\x89PNG\r\n\x1a\n",
    ".jpg": b"\xff\xd8\xff\xe0", ".gz": b"\x1f\x8b\x08\x00", ".eml": b"Subject: Antrag\r\n\r\nText",
}
_ODD_NAMES = (b"empty.txt", "Größe – Straße.txt".encode(), "文書/日本語.html".encode(),
              b"no-utf8-\xff\xfe.bin", b"new\nline.txt", b"back\\slash.txt", b" ", b"--help",
              b".hidden/.dot", b"x" * 251 + b".pdf", "ä".encode() * 127,
              b"/".join([b"y" * 60] * 20) + b"/deep.txt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Some sixty files of a dozen types, of which each one is awkward in another way."""
    root = tmp_path_factory.mktemp("documents")
    made = random.Random(1)

    def write(name, content):
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    for number in range(4):
        for suffix, head in _TYPES.items():
            name = f"{number}/{suffix[1:]}/Anlage{suffix}"
            write(name.encode(), head + made.randbytes(made.randrange(100_000)))
    for number, name in enumerate(_ODD_NAMES):
        write(name, b"" if number == 0 else name)
    write(b"same/1.bin", b"twice the same content")
    write(b"same/2.bin", b"twice the same content")
    write(b"large.bin", made.randbytes(5_000_000))
    os.symlink("nowhere", root / "broken")
    os.mkfifo(root / "pipe")
    return root


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A file that takes its time, among many that do not."""
    root = tmp_path_factory.mktemp("big")
    with open(root / "large.bin", "wb") as file:
        file.truncate(100_000_000)
    for number in range(40):
        (root / f"small-{number}.txt").write_text(f"Antrag {number}\n")
    return root


@pytest.fixture(scope="module")
def own():
    started = Suite()
    yield started
    started.close()


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def _evidence(output):
    """The file that the summary names."""
    line = next(line for line in output.splitlines() if line.startswith("evidence "))
    return Path(line.split()[1])


def _assert_complete(output, folder):
    count = len(_files(folder))
    assert f"The application files {count} documents" in output
    assert "Everything is as it should be." in output
    with zipfile.ZipFile(_evidence(output)) as evidence:
        filed = [name for name in evidence.namelist() if name.startswith("documents/")]
    assert len(filed) == count + 1, "the documents and the decision"


def _text(path):
    try:
        return path.read_text()
    except FileNotFoundError:  # removed in the same moment, because it is over
        return ""


class Running:
    """A demo in the background, with all its children in a process group."""

    def __init__(self, suite, folder):
        self._transfers = suite.state / "demo" / "transfers"
        self._before = self._journals()
        self.process = subprocess.Popen(
            [REPO / "tools/dev", "demo", "--state", suite.state, folder], cwd=REPO,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def _journals(self):
        return set(self._transfers.glob("*.jsonl"))

    def transfers(self):
        """File → what the client noted last about it, while it files the documents."""
        found = {}
        for journal in self._journals() - self._before:
            for line in _text(journal).splitlines(keepends=True):
                if line.endswith("\n"):  # the last one may be half written
                    entry = json.loads(line)
                    found[entry["file"]] = entry
        return found

    def is_in_the_middle(self):
        """One document is filed, another has begun to travel."""
        noted = self.transfers().values()
        return any(entry["document"] for entry in noted) and \
            any(entry["upload"] and not entry["document"] for entry in noted)

    def reach_the_middle(self):
        def reached():
            assert self.process.poll() is None, self.process.stdout.read()
            return self.is_in_the_middle()
        wait_until(reached, 60, "filing")


def test_the_whole_way_runs_twice(own, folder):
    first = own.dev("demo", folder).stdout
    _assert_complete(first, folder)
    for name in ("broken", "pipe"):
        assert f"skipped, because it is no regular file: {folder / name}" in first
    second = own.dev("demo", folder).stdout
    _assert_complete(second, folder)
    assert _evidence(first) != _evidence(second)


def _stored_documents(suite):
    """The ids of all that the database has, whosever they are."""
    return set(suite.dev("psql", "efile", "--", "-Atc", "SELECT document_id FROM documents")
               .stdout.split())


def test_it_completes_after_everything_was_killed_in_the_middle(own, big):
    demo = Running(own, big)
    demo.reach_the_middle()
    os.killpg(demo.process.pid, signal.SIGKILL)
    for process in (*SERVICES, "postgres", "mail"):
        own.kill(process)
    demo.process.communicate()
    assert demo.process.returncode == -signal.SIGKILL
    assert demo.is_in_the_middle(), "it had filed everything before it was killed"
    filed = {entry["document"].rpartition("/")[2] for entry in demo.transfers().values()} - {""}
    _assert_complete(own.dev("demo", big).stdout, big)
    assert filed <= _stored_documents(own)


def test_filing_goes_on_when_the_services_come_back(own, big):
    demo = Running(own, big)
    demo.reach_the_middle()
    for process in SERVICES:
        own.kill(process)
    assert demo.is_in_the_middle(), "it had filed everything before the services were killed"
    own.up()
    output = demo.process.communicate(timeout=120)[0]
    assert demo.process.returncode == 0, output
    _assert_complete(output, big)


def test_a_folder_that_is_none_is_said(own, tmp_path):
    run = own.dev("demo", tmp_path / "nowhere", check=False)
    assert run.returncode == 1
    assert "is not a folder" in run.stderr
