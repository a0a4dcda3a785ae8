"""The chart and the programs it starts: jobs that can be upgraded, configurations that are read."""

import json
import shutil
import subprocess

import credentials
import pytest
import yaml
from chart import CHART, EVERYTHING, REPO, SERVICES, configuration, of_kind, template, workloads

# Each reaches a job.
CHANGES = [
    {"image": {"tag": "9.9.9"}}, {"image": {"pullPolicy": "Always"}}, {"image": {"pullSecrets": ["x"]}},
    {"nodeSelector": {"disk": "ssd"}}, {"tolerations": [{"key": "a", "operator": "Exists"}]},
    {"database": {"host": "elsewhere"}}, {"database": {"caSecret": "other"}}, {"database": {"caSecret": ""}},
    {"tls": {"secret": "other"}}, {"tls": {"requireClientCertificate": True}}, {"log": {"level": "debug"}},
    {"services": {"efile": {"secret": "other"}}}, {"services": {"efile": {"settings": {"workers": "3"}}}},
    {"bootstrap": {"secret": "other"}}, {"bootstrap": {"operatorLogin": "root"}},
    {"services": {"identity": {"tlsSecret": "other"}}}, {"userId": 0},
    {"bootstrap": {"arguments": ["--replace-signing-keys"]}},
]
# Nobody listens there: as far as that, a job comes without a database.
NOWHERE = {"database": {"host": "127.0.0.1", "port": 1}}


@pytest.mark.parametrize("values", CHANGES, ids=json.dumps)
def test_a_job_that_changes_is_another_job(helm, values):
    """The specification of a Job is immutable: under the same name, an upgrade would fail."""
    before, after = (of_kind(template(helm, each), "Job") for each in ({}, values))
    kept = before.keys() & after.keys()
    assert {name: before[name]["spec"] for name in kept} == {name: after[name]["spec"] for name in kept}
    assert kept != before.keys(), "the change reached no job"


@pytest.mark.parametrize("name", ["migration-job.yaml", "bootstrap-job.yaml"])
def test_a_job_of_a_later_chart_is_another_job(helm, name, tmp_path):
    later = tmp_path / "sockel"
    shutil.copytree(CHART, later)
    path = later / "templates" / name
    path.write_text(path.read_text().replace("memory: 256Mi", "memory: 257Mi"))
    before, after = (of_kind(template(helm, {}, each), "Job") for each in (CHART, later))
    changed = [job for job in after if "257Mi" in json.dumps(after[job])]
    assert changed and not set(changed) & before.keys()


def test_a_job_that_stays_as_it_is_keeps_its_name(helm):
    before, after = (of_kind(template(helm, each), "Job")
                     for each in ({}, {"services": {"efile": {"replicas": 3}}}))
    assert before.keys() == after.keys()


def test_a_level_of_the_log_migrates_nothing_again(helm):
    before, after = ({name for name in of_kind(template(helm, each), "Job") if "-migrate-" in name}
                     for each in ({}, {"log": {"level": "debug"}}))
    assert before == after and len(before) == len(SERVICES)


@pytest.fixture(scope="session")
def mounted(tmp_path_factory):
    """What the pods find below /etc/sockel, made as values.yaml says."""
    folder = tmp_path_factory.mktemp("etc-sockel")
    secrets, tls, bootstrap = folder / "secrets", folder / "tls", folder / "bootstrap"
    for made in (secrets, tls, bootstrap):
        made.mkdir()
    for name in ("database-password", "database-owner-password", "page-token.key", "master.key",
                 "smtp-password"):
        (secrets / name).write_text("0123456789abcdef" * 4)
    credentials.ensure_ed25519_pem(secrets / "ledger-signing.pem")
    credentials.ensure_es256_jwk(secrets / "service-account.jwk", folder / "public.jwk")
    (bootstrap / "operator-password").write_text("correct horse battery staple")
    for service in SERVICES[1:]:
        shutil.copy(folder / "public.jwk", bootstrap / f"{service}.public.jwk")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=sockel", "-days", "1",
                    "-keyout", tls / "tls.key", "-out", tls / "tls.crt"],
                   check=True, capture_output=True)
    shutil.copy(tls / "tls.crt", tls / "ca.crt")
    return folder


def run_in_place(documents, pod, mounted, root, arguments):
    """Runs the built program of a pod on a copy of just those files that the pod mounts."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in pod["containers"][0]["volumeMounts"]:
        items = volumes[mount["name"]].get("secret", {}).get("items")
        if (mounted / mount["name"]).is_dir():
            names = [item["path"] for item in items] if items else None
            shutil.copytree(mounted / mount["name"], root / mount["name"],
                            ignore=lambda _, found, names=names: set(found) - set(names or found))

    def in_place(text):
        return text.replace("/etc/sockel", str(root)).replace("/var/lib/sockel", str(root))
    name, text = configuration(documents, pod)
    (root / "config").mkdir()
    (root / "config" / name).write_text(in_place(text))
    program = REPO / "build/dev" / pod["containers"][0]["command"][0].removeprefix("/usr/")
    return subprocess.run([program, *map(in_place, arguments)], capture_output=True, text=True,
                          timeout=120, check=False)


@pytest.mark.parametrize("service", SERVICES)
def test_the_program_knows_every_key(full, mounted, service, tmp_path):
    """An unknown or wrong key of the chart's configuration would be an error."""
    pod = workloads(full)[f"Deployment suite-{service}"]
    run = run_in_place(full, pod, mounted, tmp_path, [*pod["containers"][0]["args"], "--print-config"])
    assert run.returncode == 0, run.stderr


def settings_in(tree, path=()):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from settings_in(value, (*path, key))
        else:
            yield ".".join((*path, key)), value


@pytest.mark.parametrize("service", SERVICES)
def test_the_chart_can_give_every_file_that_a_program_reads(full, mounted, service, tmp_path):
    """Settings name no files, as a file has to be mounted: each has a value of the chart."""
    pod = workloads(full)[f"Deployment suite-{service}"]
    run = run_in_place(full, pod, mounted, tmp_path, [*pod["containers"][0]["args"], "--print-config"])
    missing = {key for key, value in settings_in(yaml.safe_load(run.stdout))
               if key.endswith("_file") and not value}
    # Identity calls nobody, and only the migration is given the owner's password.
    expected = {"database.owner_password_file"}
    assert missing == expected | ({"service_account.key_file"} if service == "identity" else set())


@pytest.mark.parametrize("job", [*(f"suite-{service}-migrate-" for service in SERVICES),
                                 "suite-identity-bootstrap-"])
@pytest.mark.parametrize("values", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_a_job_comes_as_far_as_the_database(helm, mounted, job, values, tmp_path):
    documents = template(helm, {**values, **NOWHERE})
    pod, = (pod for name, pod in workloads(documents).items() if name.startswith(f"Job {job}"))
    run = run_in_place(documents, pod, mounted, tmp_path, pod["containers"][0]["args"])
    assert (run.returncode, "The database does not answer" in run.stderr) == (1, True), run.stderr
