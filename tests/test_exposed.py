"""A file of secrets that everybody on the machine can read is told, and nothing else is."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from exposed import is_open
from kinds import KINDS

SECRET, KEY = "the-secret", "app-the-key"
BOTS = f"""\
bots:
  - name: assistant
    dingtalk_app_client_id: ding1
    dingtalk_app_client_secret: {SECRET}
    dify_app_type: chatbot
    dify_app_api_key: ${{KEY}}
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can enter, with the two files in it; a test's usual one is closed to others."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        made.chmod(0o755)
        if not all(above.stat().st_mode & 0o001 for above in made.resolve().parents):
            pytest.skip("the folder for temporary files is closed to others itself")
        (made / ".bots.yaml").write_text(BOTS, "utf-8")
        (made / ".env").write_text(f"KEY={KEY}\nBOT_LANGUAGE=en\n", "utf-8")
        for file in made.iterdir():
            file.chmod(0o600)
        yield made


def notes(folder: Path) -> list[str]:
    """Return what is said of the configuration in this folder."""
    return [str(note) for note in config.read(folder / ".bots.yaml", folder / ".env", {}, KINDS).notes]


def test_each_file_that_others_can_read_is_named_with_the_remedy(folder: Path) -> None:
    """Its name and the command; of the secret nothing."""
    assert not notes(folder)
    for name in (".bots.yaml", ".env"):
        (folder / name).chmod(0o644)
    said = notes(folder)
    assert [f"chmod 600 {folder / name}" in note for note, name in zip(said, (".bots.yaml", ".env"), strict=True)] == [
        True,
        True,
    ]
    assert not any(SECRET in note or KEY in note for note in said)


def test_a_file_without_secrets_may_be_read(folder: Path) -> None:
    """A `.bots.yaml` whose secrets are variables, an `.env` with a language."""
    (folder / ".bots.yaml").write_text(BOTS.replace(SECRET, "${KEY}"), "utf-8")
    (folder / ".bots.yaml").chmod(0o644)
    assert not notes(folder)


def test_a_folder_that_is_closed_closes_what_is_in_it(folder: Path) -> None:
    """As a home folder mostly is; a file for a group is not everybody's either."""
    (folder / ".bots.yaml").chmod(0o644)
    folder.chmod(0o700)
    assert not notes(folder)
    folder.chmod(0o755)
    (folder / ".bots.yaml").chmod(0o640)
    assert not notes(folder)


def test_what_belongs_to_another_user_is_that_ones_business(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user sees the host's file: it could not change it."""
    (folder / ".env").chmod(0o644)
    owner = (folder / ".env").stat().st_uid
    monkeypatch.setattr("os.geteuid", lambda: owner + 10_001)
    assert not is_open(folder / ".env")
    monkeypatch.setattr("os.geteuid", lambda: owner)
    assert is_open(folder / ".env")
    assert not is_open(folder / "missing")
