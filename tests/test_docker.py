"""The image without Docker: what the Dockerfile copies, installed as it installs, run as it runs, answers a message."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

import fleet
from sandbox.client import SandboxClient
from settings import EnvSettings

ROOT = Path(__file__).resolve().parent.parent
MOUNTED = "/app/.bots.yaml"
_HEALTHY_SECONDS, _EXIT_SECONDS = 30, 20


@dataclass
class Stage:
    """One stage of the Dockerfile: its instructions in order, as name and arguments."""

    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        """Return the arguments of each such instruction."""
        return [arguments for name, arguments in self.steps if name == instruction]


def _stages() -> list[Stage]:
    """Read the Dockerfile: comments dropped, continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
    stages: list[Stage] = []
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, arguments = line.strip().partition(" ")
        if name == "FROM":
            stages.append(Stage(arguments.partition(" AS ")[2]))
        elif name and stages:
            stages[-1].steps.append((name, " ".join(arguments.split())))
    return stages


def _exec_form(command: str) -> list[str]:
    """Return the words of `["a", "b"]`."""
    return [str(word) for word in yaml.safe_load(command)]


def _context() -> list[Path]:
    """Return the files that .dockerignore lets into a build, relative to the root."""
    tops = [path for path in ROOT.iterdir() if not _ignored(path.relative_to(ROOT))]
    files = [path for top in tops for path in (top, *top.rglob("*")) if path.is_file()]
    return [path.relative_to(ROOT) for path in files if not _ignored(path.relative_to(ROOT))]


def _ignored(path: Path) -> bool:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    ignored = False
    for pattern in [line for line in lines if line and not line.startswith("#")]:  # the last one that fits decides
        glob = pattern.removeprefix("!")
        # Docker matches from the root unless told otherwise; a folder stands for all that is in it.
        parts = path.parts if glob.startswith("**/") else path.parts[:1]
        fits = any(fnmatch(part, glob.removeprefix("**/")) for part in parts)
        ignored = (not pattern.startswith("!")) if fits else ignored
    return ignored


@dataclass(frozen=True)
class Image:
    """The image's files below a folder of ours, and its programs run as its user."""

    folder: Path
    environment: dict[str, str]
    user: str

    def here(self, text: str) -> str:
        """Return a text of the Dockerfile with its places put below our folder."""
        return re.sub(r"(?<![\w/])/(venv|app|tmp)\b", lambda found: f"{self.folder}/{found[1]}", text)

    def start(self, command: list[str], **variables: str) -> subprocess.Popen[str]:
        """Start a program of the image."""
        return subprocess.Popen(
            [*_as_user(self.user), *command],
            cwd=self.folder / "app",
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, command: list[str], **variables: str) -> tuple[int, str]:
        """Run a program of the image to its end; its exit code and what it printed."""
        with self.start(command, **variables) as child:
            said = child.communicate(timeout=60)[0]
        return child.returncode, said


def _as_user(user: str) -> list[str]:
    """Return what to put before a command so that it runs as that user: root alone can, and root alone needs it."""
    if os.geteuid() != 0:
        return []
    uid, _, gid = user.partition(":")
    prefix = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--no-new-privs"]
    base = Path(sys.base_prefix)
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in (base, *base.parents)):
        # This Python lives in root's home: the user may read what is there, but still write nothing.
        prefix += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    return prefix


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Build the image into an empty folder, by the Dockerfile's own lines."""
    libraries, final = _stages()
    folder = Path(tempfile.mkdtemp(prefix="dingbridge-image-"))
    folder.chmod(0o755)
    (folder / "app").mkdir()
    (folder / "tmp").mkdir()
    (folder / "tmp").chmod(0o1777)
    values = dict(pair.split("=", 1) for line in final.all("ENV") for pair in line.split())
    raw = Image(folder, {}, final.all("USER")[0])
    values["PATH"] = values["PATH"].replace("$PATH", os.environ["PATH"])
    environment = {name: raw.here(value) for name, value in values.items()}
    built = Image(folder, environment, raw.user)
    try:
        _install(libraries, built)
        _copy(final, built)
        yield built
    finally:
        shutil.rmtree(folder)


def _install(stage: Stage, image: Image) -> None:
    for name in stage.all("COPY"):
        shutil.copy(ROOT / name.split()[0], image.folder)
    for command in stage.all("RUN"):
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # its `python` is the one that runs this test
        subprocess.run(image.here(command), shell=True, check=True, cwd=image.folder, env={**os.environ, "PATH": path})  # noqa: S602 - the Dockerfile's own line


def _copy(stage: Stage, image: Image) -> None:
    context = _context()
    for arguments in stage.all("COPY"):
        source, target = arguments.split()[-2:]
        if arguments.startswith("--from="):
            continue  # installed in place
        found = [path for path in context if fnmatch(path.parts[0], source.rstrip("/"))]
        assert found, f"COPY {arguments} copies nothing"
        for path in found:
            inside = path.relative_to(source) if source.endswith("/") else path
            place = image.folder / "app" / target / inside
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, place)
            place.chmod(0o644)


@pytest.fixture
def config_file(image: Image) -> Iterator[Path]:
    """Give the place where docker-compose.yml mounts `.bots.yaml`, empty before and after."""
    path = Path(image.here(MOUNTED))
    yield path
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)


def test_the_image_answers_is_healthy_and_ends_on_sigterm(image: Image, config_file: Path, sandbox: SandboxClient) -> None:
    """The CMD answers a message, the HEALTHCHECK agrees meanwhile and no longer after SIGTERM, which ends it with 0."""
    final = _stages()[-1]
    check = _exec_form(final.all("HEALTHCHECK")[0].partition(" CMD ")[2])
    sandbox.put_app("docker-bot", "secret-docker", "Docker")
    sandbox.put_dify_app("app-docker", "Docker", "chat")
    config_file.write_text(
        "bots:\n  - name: docker\n    dingtalk_app_client_id: docker-bot\n    dingtalk_app_client_secret: secret-docker\n"
        "    dify_app_type: chatbot\n    dify_app_api_key: app-docker\n",
        "utf-8",
    )
    since = sandbox.last()
    child = image.start(
        _exec_form(final.all("CMD")[0]),
        DINGTALK_OPENAPI_ENDPOINT=sandbox.url,
        DINGTALK_OAPI_ENDPOINT=sandbox.url,
        DIFY_OPEN_API_URL=f"{sandbox.url}/v1",
        NO_PROXY="127.0.0.1",
    )
    with child:
        try:
            deadline = time.monotonic() + _HEALTHY_SECONDS
            while (verdict := image.run(check))[0] != 0:
                assert child.poll() is None
                assert time.monotonic() < deadline, verdict
            sandbox.say("docker-bot", "你好，容器")
            card = next(
                record
                for record in sandbox.follow(since, kind="card", client_id="docker-bot")
                if record["state"] in {"finished", "failed"}
            )
            assert card["state"] == "finished"
            assert "你好，容器" in card["text"]
            child.send_signal(signal.SIGTERM)
            log = child.communicate(timeout=_EXIT_SECONDS)[0]
        finally:
            child.kill()
    assert child.returncode == 0, log
    assert "secret-docker" not in log
    assert "app-docker" not in log
    assert image.run(check)[0] != 0


def test_the_image_can_be_tried_before_it_has_any_account(image: Image) -> None:
    """The demo's sandbox is in the image, so one command proves it."""
    code, said = image.run(["python", "app.py", "demo", "--say", "你好"])
    assert code == 0, said
    assert "[finished]" in said


def test_a_missing_file_is_a_sentence(image: Image, config_file: Path) -> None:
    """Without .bots.yaml the command ends with 2 and says what to do."""
    assert not config_file.exists()
    code, said = image.run(_exec_form(_stages()[-1].all("CMD")[0]))
    assert code == 2
    assert ".bots.yaml.example" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", [".bots.yaml", ".env"])
def test_the_folder_that_docker_makes_of_a_missing_file_is_a_sentence(image: Image, name: str) -> None:
    """Docker makes an empty folder of a file that is to be mounted and does not exist: named, with exit code 2."""
    folder = Path(image.here(MOUNTED)).with_name(name)
    folder.mkdir()
    try:
        code, said = image.run(_exec_form(_stages()[-1].all("CMD")[0]), BOT_LANGUAGE="en")
    finally:
        folder.rmdir()
    assert code == 2
    assert re.search(rf"{re.escape(name)}\b.*folder", said), said
    assert "Traceback" not in said


def test_the_image_holds_the_product_and_nothing_else(image: Image) -> None:
    """No configuration, no tests, no installer; no file that its user could change."""
    app = image.folder / "app"
    assert {path.name for path in app.iterdir() if path.is_dir()} == {
        "backends",
        "demo",
        "dify",
        "handlers",
        "ops",
        "sandbox",
        "stores",
    }
    assert {path.name for path in app.glob("*.py")} == {path.name for path in ROOT.glob("*.py")}
    assert not [path for path in app.rglob("*") if path.is_file() and path.name.startswith(".")]
    assert not [path for path in app.rglob("*") if path.stat().st_mode & stat.S_IWOTH]
    libraries = image.folder / "venv" / "lib"
    assert not [path for path in libraries.glob("python*/site-packages/*") if path.name in {"pip", "setuptools", "wheel"}]


def test_the_build_context_is_a_list_of_what_may_enter() -> None:
    """.dockerignore shuts everything out but the product, so that no secret can be baked in by accident."""
    names = {path.parts[0] for path in _context()}
    assert names <= {"requirements.txt", "backends", "demo", "dify", "handlers", "ops", "sandbox", "stores"} | {
        path.name for path in ROOT.glob("*.py")
    }
    assert not [path for path in _context() if "__pycache__" in path.parts or path.name.startswith(".")]
    assert all(_ignored(Path(name)) for name in (".env", ".bots.yaml", ".git/config"))


def test_the_dockerfile_keeps_the_rules_of_images() -> None:
    """A fixed user who is not root comes before the command, signals reach Python, nothing is added from elsewhere."""
    stages = _stages()
    final = stages[-1]
    uid, _, gid = final.all("USER")[0].partition(":")
    assert int(uid) > 1000
    assert int(gid) > 1000
    assert uid in final.all("RUN")[0]
    assert _exec_form(final.all("CMD")[0]) == ["python", "app.py"]
    assert _exec_form(final.all("HEALTHCHECK")[0].partition(" CMD ")[2]) == ["python", "app.py", "ready"]
    assert [name for name, _ in final.steps][-3:] == ["USER", "HEALTHCHECK", "CMD"]
    assert not [line for stage in stages for line in stage.all("ADD")]
    assert not [line for stage in stages for line in stage.all("RUN") if "apt-get" in line or "curl" in line]
    assert {line.split("=")[0] for line in stages[0].all("ARG")} == {"PIP_INDEX_URL"}
    environment = " ".join(final.all("ENV"))
    assert "PYTHONUNBUFFERED=1" in environment
    assert not re.search(r"SECRET|TOKEN|PASSWORD|KEY", environment)


def test_the_stage_that_is_copied_from_exists() -> None:
    """COPY --from names an earlier stage, and what it takes is what that stage makes."""
    libraries, final = _stages()
    source, taken = re.findall(r"--from=(\w+) (\S+)", "\n".join(final.all("COPY")))[0]
    assert source == libraries.name
    assert taken in libraries.all("RUN")[0]


def test_compose_mounts_the_files_read_only_and_waits_for_the_drain() -> None:
    """The bridge: restarted, its log bounded, its configuration mounted read-only, more time to stop than it may need."""
    service = _compose()["services"]["bridge"]
    folder = _stages()[-1].all("WORKDIR")[0]
    files = [f"./{name}:{folder}/{name}:ro" for name in (".bots.yaml", ".env")]
    assert service["volumes"] == [*files, "kept:/data"]
    assert "--owner=10001 --mode=700 /data" in _stages()[-1].all("RUN")[0]  # or the bridge could not write there
    assert service["volumes"][0].split(":")[1] == MOUNTED
    assert service["restart"] == "unless-stopped"
    drain = EnvSettings().DRAIN_SECONDS + fleet.LAST_WORDS_SECONDS
    assert float(service["stop_grace_period"].removesuffix("s")) > drain
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert "TZ" in service["environment"]
    assert service["tmpfs"] == [str(Path(_heartbeat_place()).parent)]


def test_compose_is_read_by_v1_and_v2_alike() -> None:
    """Version 3.9 is what Compose 1.28 knows profiles by; no fixed name and no port stand in the way of a second copy."""
    compose = _compose()
    assert compose.keys() == {"version", "services", "volumes"}
    assert compose["version"] == "3.9"
    for service in compose["services"].values():
        assert not {"container_name", "ports", "env_file", "develop", "pull_policy"} & service.keys()
        assert all(isinstance(value, str) for value in service["logging"]["options"].values())
    assert set(compose["services"]["bridge"]["build"]["args"]) == {"PYTHON_IMAGE", "PIP_INDEX_URL"}


def test_the_profile_for_several_bridges_brings_their_redis() -> None:
    """Only with the profile; by the name that SESSION_STORE has in the documents; what it keeps outlives it, whole."""
    services = _compose()["services"]
    assert services.keys() == {"bridge", "redis"}
    assert "profiles" not in services["bridge"]
    assert services["redis"]["profiles"] == ["scale"]
    assert "noeviction" in services["redis"]["command"]
    assert "appendonly yes" in services["redis"]["command"]
    assert EnvSettings(SESSION_STORE="redis://redis").SESSION_STORE == "redis://redis"


def test_kubernetes_runs_three_bridges_that_may_end_their_answers() -> None:
    """Several replicas over one Redis, no root, nothing written but /tmp, and more time to stop than they may need."""
    parts = list(yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text("utf-8")))
    by_name = {(part["kind"], part["metadata"]["name"]): part for part in parts}
    pod = by_name["Deployment", "dingbridge"]["spec"]["template"]["spec"]
    assert by_name["Deployment", "dingbridge"]["spec"]["replicas"] > 1
    assert pod["terminationGracePeriodSeconds"] > EnvSettings().DRAIN_SECONDS + fleet.LAST_WORDS_SECONDS
    (bridge,) = pod["containers"]
    assert bridge["securityContext"]["readOnlyRootFilesystem"] is True
    assert bridge["readinessProbe"]["exec"]["command"] == ["python", "app.py", "ready"]
    folder = _stages()[-1].all("WORKDIR")[0]
    mounted = {mount["mountPath"] for mount in bridge["volumeMounts"]}
    assert mounted == {f"{folder}/.bots.yaml", f"{folder}/.env", str(Path(_heartbeat_place()).parent)}
    kept = by_name["Secret", "dingbridge"]["stringData"]
    (service,) = [name for kind, name in by_name if kind == "Service"]
    assert f"SESSION_STORE=redis://:{kept['redis-password']}@{service}" in kept[".env"]


def _compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8")))


def _heartbeat_place() -> str:
    return next(pair.split("=")[1] for line in _stages()[-1].all("ENV") for pair in line.split() if "HEARTBEAT" in pair)
