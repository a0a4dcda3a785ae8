"""tools/dev test finds the tests that were meant, and says so when there are none."""

import re
import sys
from argparse import Namespace
from fnmatch import fnmatchcase

import check
import layout
import pytest

NAMES = [f"{suite}.{name}" for path in sorted(layout.REPO.glob("*/**/*_test.cc"))
         for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", path.read_text(), re.M)]


def chosen(text):
    """The C++ tests that GoogleTest would run."""
    patterns = check.gtest_filter(text).split(":")
    return [name for name in NAMES if any(fnmatchcase(name, pattern) for pattern in patterns)]


@pytest.mark.parametrize("text", ["close", "Close", "draft", "closed_dossier", "ClosedDossier"])
def test_cpp_tests_are_found_however_the_word_is_written(text):
    meant = text.replace("_", "").lower()
    assert chosen(text)
    assert all(meant in name.lower() for name in chosen(text))


def test_a_test_of_either_language_is_found_by_its_own_name():
    assert "ClosesADossier" in check.spellings("closes_a_dossier")
    assert "closes_a_dossier" in check.spellings("ClosesADossier")


def test_a_hyphen_excludes_nothing():
    assert "-" not in check.gtest_filter("asan-ubsan")


@pytest.fixture
def without_work(monkeypatch):
    """Builds and lint do nothing; the tests do what `found` says."""
    monkeypatch.chdir(layout.REPO)

    def pretend(found):
        for part in ("_prepare", "_build", "_lint"):
            monkeypatch.setattr(check, part, lambda total, *_, part=part: total.add(part, 1, 0, 0, 0))
        for part in ("_ctest", "_pytest"):
            monkeypatch.setattr(check, part, lambda _, total, *__: total.add_tests("", *found, 0))
    return pretend


@pytest.mark.parametrize("found, code", [((0, 0, 0), 1), ((3, 0, 0), 0), ((3, 1, 0), 1)])
def test_a_filter_that_leaves_no_test_is_a_failure(without_work, found, code, capsys):
    without_work(found)
    assert check.run(Namespace(all=False, filter="nonsense")) == code
    assert ("no test whose name contains" in capsys.readouterr().err) == (found == (0, 0, 0))


def test_out_of_time_the_tests_can_still_stop_what_they_started(monkeypatch, tmp_path):
    monkeypatch.setattr(check, "_PYTEST_SECONDS", 1)
    program = tmp_path / "slow.py"
    program.write_text("import pathlib, sys, time\n"
                       "try:\n    time.sleep(60)\n"
                       "finally:\n    pathlib.Path(sys.argv[1]).write_text('stopped')\n")
    assert check._patiently([sys.executable, str(program), str(tmp_path / "end")], None) != 0
    assert (tmp_path / "end").read_text() == "stopped"


def test_the_hard_tests_are_there():
    assert all((layout.REPO / path).is_file() for path in check._HARD_TESTS)
