"""Debian packages are installed, and nothing that they bring is started or left behind."""

import os
import subprocess

import layout
import pytest

# Stands in for apt-get: asks and notes what packages would ask for while they are set up.
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"$NOTES"
[ "$1" = install ] || exit 0
for service in prometheus prometheus.service ssh.service postgresql; do
  if [ ! -x "$SOCKEL_ROOT/usr/sbin/policy-rc.d" ] \\
      || "$SOCKEL_ROOT/usr/sbin/policy-rc.d" $service start; then echo "may start $service" >>"$NOTES"; fi
done
cat "$SOCKEL_ROOT"/etc/postgresql-common/createcluster.d/*.conf >>"$NOTES" 2>/dev/null
exit ${FAILURE:-0}
"""
OTHERS = """#!/bin/sh
echo "${0##*/} $*" >>"$NOTES"
"""


class Machine:
    def __init__(self, folder):
        self.root = folder / "root"
        self.policy = self.root / "usr/sbin/policy-rc.d"
        self.cluster = self.root / "etc/postgresql-common/createcluster.d/sockel.conf"
        self._notes = folder / "notes"
        self._programs = folder / "bin"
        self.policy.parent.mkdir(parents=True)
        self._programs.mkdir()
        for name in ("apt-get", "update-rc.d", "invoke-rc.d"):
            self.script(self._programs / name, APT_GET if name == "apt-get" else OTHERS)

    @staticmethod
    def script(path, text):
        path.write_text(text)
        path.chmod(0o755)

    def install(self, *packages, failure=0):
        """What happened meanwhile, line by line."""
        self._notes.write_text("")
        run = subprocess.run(
            ["sh", layout.TOOLS / "install.sh", *packages], check=False, capture_output=True, text=True,
            env={"PATH": f"{self._programs}:{os.environ['PATH']}", "SOCKEL_ROOT": str(self.root),
                 "NOTES": str(self._notes), "FAILURE": str(failure)})
        assert run.returncode == failure, run.stderr
        return self._notes.read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_prometheus_is_neither_started_now_nor_with_the_machine(machine):
    notes = machine.install("prometheus", "g++")
    assert "apt-get install -y -q --no-install-recommends prometheus g++" in notes
    assert not [line for line in notes if line.startswith("may start prometheus")]
    assert "update-rc.d prometheus disable" in notes


def test_other_services_are_started_as_ever(machine):
    notes = machine.install("prometheus", "postgresql-15")
    assert {"may start ssh.service", "may start postgresql"} <= set(notes)
    assert not [line for line in notes if line.startswith(("update-rc.d", "invoke-rc.d"))
                and "prometheus" not in line]


def test_postgresql_makes_no_cluster(machine):
    assert "create_main_cluster = false" in machine.install("postgresql-15")


@pytest.mark.parametrize("package", ["g++", "postgresql-client-15"])
def test_a_prometheus_that_was_there_before_is_left_alone(machine, package):
    notes = machine.install(package)
    assert {"may start prometheus", "may start prometheus.service"} <= set(notes)
    assert not [line for line in notes if line.startswith(("update-rc.d", "invoke-rc.d"))]
    assert "create_main_cluster = false" not in notes


@pytest.mark.parametrize("failure", [0, 100])
def test_nothing_is_left_behind(machine, failure):
    machine.install("prometheus", "postgresql-15", failure=failure)
    assert not machine.policy.exists() and not machine.cluster.exists()


def test_somebody_elses_policy_stays_and_holds(machine):
    text = "#!/bin/sh\nexit 101\n"
    machine.script(machine.policy, text)
    notes = machine.install("prometheus")
    assert not [line for line in notes if line.startswith("may start")]
    assert machine.policy.read_text() == text


def test_where_another_policy_lets_prometheus_start_it_is_stopped(machine):
    machine.script(machine.policy, "#!/bin/sh\nexit 0\n")
    assert "invoke-rc.d --quiet prometheus stop" in machine.install("prometheus")


def test_what_a_killed_run_left_is_removed(machine):
    mark = "# Written by tools/dev setup, which removes it when it is done."
    machine.script(machine.policy, f"#!/bin/sh\n{mark}\nexit 101\n")
    assert "may start ssh.service" in machine.install("g++")
    assert not machine.policy.exists()
