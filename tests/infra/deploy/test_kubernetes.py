"""The base of manifests for Kubernetes: what its schemas allow, and what bokbuss really has."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from typer.main import get_command

from infra import cli
from infra.environment import whole
from infra.intake import web
from infra.settings import ROLES, SECRETS_FOLDER

ROOT = Path(__file__).parents[3]
BASE = ROOT / "infra" / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))
MANIFESTS = [
    manifest for name in KUSTOMIZATION["resources"] for manifest in yaml.safe_load_all((BASE / name).read_text("utf-8"))
]
PORT = 8321
ENDS_WITHIN = 15
"""Seconds, as the README says."""


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """Return the manifests of a kind by name."""
    return {manifest["metadata"]["name"]: manifest for manifest in MANIFESTS if manifest["kind"] == kind}


WORK = [*of_kind("Deployment").values(), *of_kind("Job").values()]


def named(manifest: dict[str, Any]) -> str:
    """Return what a manifest is called."""
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


@pytest.mark.parametrize("manifest", MANIFESTS, ids=named)
@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_kubernetes_takes_it(manifest: dict[str, Any], version: str) -> None:
    """Of the oldest version that pauses before it stops by itself to the newest; nothing unknown is in it."""
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_wrong_manifest_would_be_found() -> None:
    """The check above can fail."""
    wrong = {**of_kind("Deployment")["flows"], "specification": {}}
    with pytest.raises(jsonschema.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_the_base_is_the_whole_folder_and_bundles_nothing() -> None:
    """Each file is listed; no broker, no database, no secret is among them; the image is that of this version."""
    assert {*KUSTOMIZATION["resources"], "kustomization.yaml"} == {file.name for file in BASE.iterdir()}
    assert {manifest["kind"] for manifest in MANIFESTS} == {
        *("ConfigMap", "Deployment", "Job", "NetworkPolicy", "PodDisruptionBudget", "Service")
    }
    assert {container["image"] for work in WORK for container in containers(work)} == {"bokbuss"}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert KUSTOMIZATION["images"] == [{"name": "bokbuss", "newTag": version}]
    assert len({named(manifest) for manifest in MANIFESTS}) == len(MANIFESTS)


def containers(work: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the containers of a deployment or a job."""
    pod = work["spec"]["template"]["spec"]
    assert "initContainers" not in pod
    yield from pod["containers"]


def test_each_role_runs_twice_and_can_lose_one() -> None:
    """A deployment, a name that Prometheus looks up, and a budget of disruptions for each, of the same labels."""
    assert set(of_kind("Deployment")) == set(of_kind("PodDisruptionBudget")) == set(ROLES)
    for role in ROLES:
        deployment, budget = (of_kind(kind)[role] for kind in ("Deployment", "PodDisruptionBudget"))
        service = of_kind("Service")[f"{role}-metrics"]
        labels = {"app.kubernetes.io/name": "bokbuss", "app.kubernetes.io/component": role}
        assert deployment["spec"]["replicas"] == 2
        assert deployment["spec"]["selector"]["matchLabels"] == labels
        assert deployment["spec"]["template"]["metadata"]["labels"] == labels
        assert (service["spec"]["selector"], service["spec"]["clusterIP"]) == (labels, "None")
        assert (budget["spec"]["selector"]["matchLabels"], budget["spec"]["maxUnavailable"]) == (labels, 1)
        [port] = service["spec"]["ports"]
        assert (port["port"], port["targetPort"]) == (PORT, "http")


def test_a_process_that_is_not_ready_is_seen_and_nobody_is_sent_to_it() -> None:
    """A name leaves out who is not ready, unless it says otherwise; of such a one Prometheus would hear nothing."""
    services = of_kind("Service")
    [_, outside] = of_kind("NetworkPolicy")["bokbuss-from-outside"]["spec"]["podSelector"]["matchExpressions"]
    assert set(services) == {*(f"{role}-metrics" for role in ROLES), *outside["values"]}
    for name, service in services.items():
        role = name.removesuffix("-metrics")
        assert service["spec"]["selector"]["app.kubernetes.io/component"] == role
        assert service["spec"].get("publishNotReadyAddresses", False) is name.endswith("-metrics"), name


@pytest.mark.parametrize("work", WORK, ids=named)
def test_what_runs_is_a_command_that_there_is(work: dict[str, Any]) -> None:
    """The arguments are those of the image's entry point, and are taken."""
    [container] = containers(work)
    name = work["metadata"]["name"]
    words = list(container["args"])
    assert words == (["migrate"] if name == "migrate" else ["run", name])
    command: Any = get_command(cli.app)
    context = command.make_context("bokbuss", words)
    _name, verb, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    verb.make_context(verb.name, rest, parent=context)


@pytest.mark.parametrize("work", WORK, ids=named)
def test_nobody_can_do_more_than_it_must(work: dict[str, Any]) -> None:
    """Not root, nothing gained, no capability, a file system that is only read, no token of the cluster, limits."""
    pod = work["spec"]["template"]["spec"]
    assert (
        pod["securityContext"].items() >= {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}.items()
    )
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["automountServiceAccountToken"] is False
    [container] = containers(work)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert "env" not in container
    mounted = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert set(mounted) == {settings()["BOKBUSS_DATA"], settings()[SECRETS_FOLDER], "/tmp"}  # noqa: S108 - a mount
    assert mounted[settings()[SECRETS_FOLDER]]["readOnly"] is True
    assert {mount["name"] for mount in mounted.values()} == {volume["name"] for volume in pod["volumes"]}


def settings() -> dict[str, str]:
    """Return what is set for every process."""
    [config] = of_kind("ConfigMap").values()
    return dict(config["data"])


def test_every_setting_is_one_and_no_secret_is_among_them() -> None:
    """Names and values are taken by the settings; secrets are files."""
    values = {name: value for name, value in settings().items() if name != SECRETS_FOLDER}
    nested: dict[str, Any] = {}
    for name, value in values.items():
        section, _, inner = name.removeprefix("BOKBUSS_").lower().partition("__")
        if inner:
            nested.setdefault(section, {})[inner] = value
        else:
            nested[section] = value
    made = whole()(**nested, _env_file=None)
    for name in values:
        section, _, inner = name.removeprefix("BOKBUSS_").lower().partition("__")
        assert section in type(made).model_fields
        assert not inner or inner in type(getattr(made, section)).model_fields, name
    assert made.database.migrate is False, "the job does"
    assert made.port == PORT
    assert not any(word in name.lower() for name in values for word in ("secret", "password", "key"))


@pytest.mark.parametrize("deployment", of_kind("Deployment").values(), ids=named)
def test_probes_ask_what_every_process_answers(deployment: dict[str, Any]) -> None:
    """Liveness asks nobody else, readiness does; an end has the time that it takes."""
    [container] = containers(deployment)
    assert container["ports"] == [{"name": "http", "containerPort": PORT}]
    asked = {probe: container[f"{probe}Probe"]["httpGet"] for probe in ("startup", "liveness", "readiness")}
    assert {probe: get["path"] for probe, get in asked.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {get["port"] for get in asked.values()} == {"http"}
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 3600, "what a restored database lacks is taken in"
    assert {get["path"] for get in asked.values()} <= {getattr(r, "path", "") for r in web.application({}).routes}
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > pause + ENDS_WITHIN


def test_the_job_is_not_tried_again_by_itself() -> None:
    """Somebody reads why a migration failed before it is tried once more."""
    [job] = of_kind("Job").values()
    assert (job["spec"]["backoffLimit"], job["spec"]["template"]["spec"]["restartPolicy"]) == (0, "Never")


def test_nobody_talks_to_anybody_but_as_is_said() -> None:
    """All processes are in the policy; only who serves people and tills is reached from outside."""
    every, outside = (
        of_kind("NetworkPolicy")["bokbuss"]["spec"],
        of_kind("NetworkPolicy")["bokbuss-from-outside"]["spec"],
    )
    assert every["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "bokbuss"}
    assert every["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule.get("from") for rule in [*every["ingress"], *outside["ingress"]])
    assert {port["port"] for rule in [*every["ingress"], *outside["ingress"]] for port in rule["ports"]} == {PORT}
    [_, roles] = outside["podSelector"]["matchExpressions"]
    assert roles["values"] == ["sources", "desk"]
    assert {port["port"] for rule in every["egress"] for port in rule["ports"]} >= {53, 443, 5432, 9092}
