"""The runbook is true: what it makes fits the chart, and what it names is there."""

import re
import subprocess

import pytest
import yaml
from chart import REPO, SERVICES, of_kind, template, workloads

K8S = REPO / "k8s"
TEXT = (K8S / "OPERATIONS.md").read_text()
RULES = yaml.safe_load((K8S / "monitoring" / "rules.yaml").read_text())["groups"][0]["rules"]


def blocks(language):
    """Fenced blocks, without the indentation of the list that they stand in."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.DOTALL | re.MULTILINE)


def block(language, word):
    found, = (text for text in blocks(language) if word in text)
    return found


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory):
    """The folder after the first two steps of the installation, with a kubectl that writes down."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "kubectl").write_text('#!/bin/sh\nprintf "%s\\n" "$*" >> calls\n')
    (folder / "kubectl").chmod(0o755)
    (folder / "sockel").symlink_to(REPO / "build/dev/bin/sockel")
    script = block("sh", "openssl genpkey") + block("sh", "kubectl apply -f k8s/namespace.yaml")
    subprocess.run(["bash", "-euc", f'PATH="{folder}:$PATH"\n{script}'], cwd=folder, check=True,
                   env={"PATH": "/usr/bin:/bin", "HOME": str(folder)}, capture_output=True)
    return folder


def test_every_key_that_is_mounted_was_made(helm, made):
    for name, pod in workloads(template(helm, {})).items():
        for volume in pod["volumes"]:
            secret = volume.get("secret", {})
            folder = made / "secrets" / secret.get("secretName", "").removeprefix("sockel-")
            if secret and folder.is_dir():
                assert {item["key"] for item in secret["items"]} <= {f.name for f in folder.iterdir()}, name
    calls = (made / "calls").read_text()
    for secret in ["bootstrap", *SERVICES]:
        assert f"create secret generic sockel-{secret} --from-file=secrets/{secret}\n" in calls


def test_every_role_gets_the_password_that_its_service_knows(made):
    calls = (made / "calls").read_text()
    cluster = yaml.safe_load((K8S / "database" / "cluster.yaml").read_text())
    for role in cluster["spec"]["managed"]["roles"]:
        secret, service = role["passwordSecret"]["name"], role["name"].split("_")[1]
        key = "database-owner-password" if role["name"].endswith("_owner") else "database-password"
        assert (f"create secret generic {secret} --type=kubernetes.io/basic-auth "
                f"--from-literal=username={role['name']} "
                f"--from-file=password=secrets/{service}/{key}\n") in calls
        assert f"label secret {secret} cnpg.io/reload=true\n" in calls
        # The database would take a line end for a part of the password.
        assert not re.search(r"\s", (made / "secrets" / service / key).read_text())


@pytest.mark.parametrize("text", blocks("yaml"))
def test_what_is_to_be_applied_is_yaml(text):
    assert yaml.safe_load(text)


def test_a_restored_cluster_comes_from_the_backup_of_the_one_that_was():
    restored = yaml.safe_load(block("yaml", "recoveryTarget"))
    cluster = yaml.safe_load((K8S / "database" / "cluster.yaml").read_text())
    name = restored["metadata"]["name"]
    assert name.startswith("sockel-db") and name != cluster["metadata"]["name"]
    source, = restored["spec"]["externalClusters"]
    assert restored["spec"]["bootstrap"]["recovery"]["source"] == source["name"]
    assert source["plugin"]["name"] == cluster["spec"]["plugins"][0]["name"]
    assert source["plugin"]["parameters"] == {**cluster["spec"]["plugins"][0]["parameters"],
                                              "serverName": cluster["metadata"]["name"]}
    assert f"`database.host: {name}-rw`, `database.caSecret: {name}-ca`" in TEXT


def test_the_database_logs_nothing_of_what_statements_carry():
    cluster = yaml.safe_load((K8S / "database" / "cluster.yaml").read_text())
    quiet = {"log_min_error_statement": "panic", "log_error_verbosity": "terse",
             "log_min_messages": "log", "log_min_duration_statement": "-1",
             "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0"}
    parameters = cluster["spec"]["postgresql"]["parameters"]
    assert {name: value for name, value in parameters.items() if name.startswith("log_")} == quiet
    # Whoever brings a database is told the same.
    table = TEXT.partition("\n## The database's log\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+`) \| `([^`]+)` \|", table, re.MULTILINE)
    assert {name: value for names, value in rows for name in re.findall(r"`(\w+)`", names)} == quiet


def test_a_job_that_gave_up_is_found_by_its_label(helm):
    label, = re.findall(r"kubectl -n sockel delete job -l (\S+)", TEXT)
    jobs = of_kind(template(helm, {}), "Job").values()
    assert [f"app.kubernetes.io/instance=suite,app.kubernetes.io/name={name}" for job in jobs
            for key, name in job["metadata"]["labels"].items() if key == "app.kubernetes.io/name"
            if name == "efile-migrate"] == [label.replace("=sockel,", "=suite,")]
    assert any(job["metadata"]["labels"]["app.kubernetes.io/name"] == "identity-bootstrap" for job in jobs)


def test_the_shell_beside_the_content_is_allowed_and_mounts_it(helm):
    pod = yaml.safe_load(block("yaml", "kind: Pod"))["spec"]
    documents = template(helm, {})
    other = workloads(documents)["Deployment suite-efile"]
    assert {**pod["securityContext"], "fsGroupChangePolicy": "OnRootMismatch"} == other["securityContext"]
    container, = pod["containers"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    claim, = of_kind(documents, "PersistentVolumeClaim")
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim.replace("suite", "sockel")


def test_every_alert_is_explained():
    table = TEXT.partition("\n## Alerts\n")[2]
    assert sorted(re.findall(r"Sockel\w+", table)) == sorted(rule["alert"] for rule in RULES)
    assert set(re.findall(r"Sockel[A-Z]\w+", TEXT)) == {rule["alert"] for rule in RULES}


def test_links_lead_somewhere():
    headings = re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    for link in re.findall(r"\]\(([^)]+)\)", TEXT):
        assert link[1:] in anchors if link.startswith("#") else (K8S / link).exists(), link


def sources():
    return "\n".join(path.read_text() for folder in ("common", "services", "protos")
                     for pattern in ("*.cc", "*.h", "*.proto")
                     for path in sorted((REPO / folder).rglob(pattern)))


def test_what_the_rules_tell_to_look_for_is_written_somewhere():
    code = sources()
    for rule in RULES:
        for words in re.findall(r"`([^`]+)`", rule["annotations"]["action"]):
            # A part of a message, or the name of a metric or of a field.
            there = words in code if " " in words else re.search(rf'"{words}"|string {words} = ', code)
            assert there, f"{rule['alert']}: {words}"


def test_what_the_rules_measure_is_measured():
    code = sources()
    for rule in RULES:
        for metric in re.findall(r"\bsockel_\w+", rule["expr"]):
            assert f'"{metric.removesuffix("_bucket")}"' in code, f"{rule['alert']}: {metric}"
