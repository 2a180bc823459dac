"""The lock files, the image and the Compose file, as far as they can be checked without a container engine."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel

from infra.environment import whole

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "infra" / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
ROLES = ("sources", "flows", "sinks", "desk")


def locked(name: str) -> dict[str, Version]:
    """Return the versions in a lock file by name."""
    text = (DEPLOY / name).read_text("utf-8")
    return {m[1]: Version(m[2]) for m in re.finditer(r"^([a-z0-9][a-z0-9._-]*)==([^\s;]+)", text, re.MULTILINE)}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
    ],
)
def test_the_lock_holds_what_the_project_asks_for(lock: str, wanted: list[str]) -> None:
    """A dependency that is added or raised needs `make lock`."""
    versions = locked(lock)
    for requirement in map(Requirement, wanted):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_developers_and_images_run_the_same_versions() -> None:
    """What is tested is what runs."""
    run, develop = locked("requirements.lock"), locked("requirements-dev.lock")
    assert run.items() <= develop.items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_version_has_hashes(lock: str) -> None:
    """Nothing is installed that is not byte for byte what was locked, and no place to get it from is named."""
    text = (DEPLOY / lock).read_text("utf-8")
    entries = re.findall(r"^[a-z0-9].*(?:\n    .*)*", text, re.MULTILINE)
    assert {entry.partition("==")[0] for entry in entries} == set(locked(lock)), (
        "a package may have one for each Python"
    )
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_the_image_can_build_with_the_locked_tool() -> None:
    """The Dockerfile takes the build tool and all that it needs out of the lock file, by name."""
    pattern = re.search(r"\^\(([^)]+)\)==", (DEPLOY / "Dockerfile").read_text("utf-8"))
    assert pattern is not None
    needs = [Requirement(text) for text in distribution("hatchling").requires or []]
    needed = {canonicalize_name(n.name) for n in needs if n.marker is None or n.marker.evaluate()}
    assert set(pattern[1].split("|")) == {"hatchling", *needed} <= locked("requirements-dev.lock").keys()


def test_the_wheel_is_the_four_packages(tmp_path: Path) -> None:
    """An image gets the wheel: code and what it reads at run time, and neither tests nor what is deployed around it."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"schemas", "connectors", "streams", "infra"}
    assert not [name for name in names if name.startswith("infra/deploy")]
    for package in tops:
        ours = {p.relative_to(ROOT).as_posix() for p in (ROOT / package).rglob("*.py") if DEPLOY not in p.parents}
        assert ours <= set(names)


def test_the_compose_file_follows_the_specification() -> None:
    """Checked against the Compose Specification's own schema, as the check-jsonschema package carries it."""
    place = "check_jsonschema/builtin_schemas/vendor/compose-spec.json"
    schema = json.loads(Path(str(distribution("check-jsonschema").locate_file(place))).read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(COMPOSE)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate({"services": {"kafka": {"imagee": "apache/kafka"}}})


@pytest.mark.parametrize("role", ROLES)
def test_each_role_runs_from_the_one_image_and_is_watched(role: str) -> None:
    """One image, the role as its command, healthy when /readyz on the one port says so."""
    service = COMPOSE["services"][role]
    assert service["image"] == "bokbuss"
    assert service["command"] == ["run", role]
    assert "http://127.0.0.1:8321/readyz" in service["healthcheck"]["test"][-1]
    assert service["depends_on"].keys() == {"kafka", "postgres"}


def variables(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Yield the names that settings have in the environment."""
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        nested = field.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield from variables(nested, f"{variable}__")
        else:
            yield variable


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_told_only_settings_that_exist(role: str) -> None:
    """A name that the host does not know would be ignored, silently."""
    assert COMPOSE["services"][role]["environment"].keys() <= set(variables(whole(), "BOKBUSS_"))


def test_no_secret_has_a_value_or_a_default() -> None:
    """A secret comes from the environment, and Compose refuses to start without it."""
    environments: list[dict[str, Any]] = [s.get("environment", {}) for s in COMPOSE["services"].values()]
    secret = re.compile(r"PASSWORD|SECRET|CLIENT_ID|DATABASE__URL")
    values = [value for e in environments for name, value in e.items() if secret.search(name)]
    assert len(values) >= 4
    assert [value for value in values if not re.search(r"\$\{\w+:\?[^}]+\}", value)] == []


def test_every_named_volume_and_mounted_file_exists() -> None:
    """A mount of a file that is not there would become an empty folder."""
    mounts = [volume.split(":")[0] for s in COMPOSE["services"].values() for volume in s.get("volumes", [])]
    named = {mount for mount in mounts if not mount.startswith(".")}
    assert named == COMPOSE["volumes"].keys()
    assert [mount for mount in mounts if mount.startswith(".") and not (ROOT / mount).exists()] == []


def test_all_roles_have_one_place_for_what_they_keep() -> None:
    """One role keeps a till's report or a voucher's document, others send, show and pack it: BOKBUSS_DATA is one."""
    places = {tuple(COMPOSE["services"][role].get("volumes", ())) for role in ROLES}
    data = COMPOSE["services"]["sinks"]["environment"]["BOKBUSS_DATA"]
    assert [place.partition(":")[2] for one in places for place in one] == [data]


def test_every_role_is_scraped() -> None:
    """Prometheus looks for the roles under the names that Compose gives them."""
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    assert job["dns_sd_configs"][0]["names"] == list(ROLES)
