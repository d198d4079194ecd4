"""The files of deploy/ are valid, and fit the program and each other. No Docker is needed."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from tertulia.base.diagnostics import Diagnostics
from tertulia.cli.run import run as run_command
from tertulia.data.endpoints import read_endpoints

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MANIFESTS = sorted(
    path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml"
)
BIN = Path(sys.executable).parent


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def container() -> Any:
    return load(DEPLOY / "kubernetes" / "deployment.yaml")["spec"]["template"]["spec"]


def test_the_dockerfile_pleases_its_linter() -> None:
    done = subprocess.run(
        [BIN / "hadolint", "--no-color", DEPLOY / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_is_valid() -> None:
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yml"],
        cwd=DEPLOY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("version", ["1.30", "1.33"])
def test_a_manifest_is_valid_without_unknown_fields(path: Path, version: str) -> None:
    done = subprocess.run(
        [BIN / "kubernetes-validate", "--strict", "-k", version, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_kustomization_names_every_manifest() -> None:
    known = load(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert sorted(known["resources"]) == [path.name for path in MANIFESTS]


def test_every_option_of_the_servers_exists() -> None:
    known = {name for each in run_command.params for name in (*each.opts, *each.secondary_opts)}
    compose = load(DEPLOY / "compose.yml")["services"]["server"]["command"]
    (pod,) = container()["containers"]
    docker = (DEPLOY / "Dockerfile").read_text().splitlines()[-1]
    for arguments in (compose, pod["args"], yaml.safe_load(docker.removeprefix("CMD "))):
        assert arguments[0] == "run"
        assert {each for each in arguments if each.startswith("--")} - known == set()
    assert isinstance(run_command, click.Command)


@pytest.mark.parametrize("path", ["endpoints.yml", "kubernetes/endpoints.yml"])
def test_the_endpoints_are_read(path: str) -> None:
    diagnostics = Diagnostics()
    env = {"DB_HOST": "database", "DB_PASSWORD": "secret"}
    found = read_endpoints(DEPLOY / path, env=env, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    assert found.tracker_store is not None


def test_servers_run_without_rights_and_write_nothing_to_their_root() -> None:
    for name in ("server", "balancer"):
        service = load(DEPLOY / "compose.yml")["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
    pod = container()
    assert pod["securityContext"]["runAsNonRoot"] is True
    security = pod["containers"][0]["securityContext"]
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert "USER 10001:10001" in (DEPLOY / "Dockerfile").read_text()


def test_a_pod_is_given_the_time_that_its_server_takes_to_end() -> None:
    pod = container()
    (server,) = pod["containers"]
    waits = server["lifecycle"]["preStop"]["sleep"]["seconds"]
    ends = int(server["args"][server["args"].index("--shutdown-timeout") + 1])
    assert waits + ends < pod["terminationGracePeriodSeconds"]
    service = load(DEPLOY / "compose.yml")["services"]["server"]
    assert int(service["stop_grace_period"].removesuffix("s")) > 30


def test_the_image_takes_packages_from_the_lock_and_extras_that_exist() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = text.partition('ARG EXTRAS="')[2].partition('"')[0].replace("--extra", "").split()
    assert set(extras) <= set(project["optional-dependencies"])
    assert text.count("uv sync --locked --no-dev") == 2
    makefile = (ROOT / "Makefile").read_text()
    version = text.partition("ARG UV_VERSION=")[2].partition("\n")[0]
    assert f"UV_VERSION := {version}\n" in makefile


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not on this machine")
def test_the_load_balancers_configuration_is_read(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    # The name of the servers is known inside Compose only; `resolve` came with nginx 1.27.
    local = text.replace("server:5005 resolve", "127.0.0.1:5005").replace("/tmp/", f"{tmp_path}/")  # noqa: S108
    (tmp_path / "nginx.conf").write_text(local)
    done = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
