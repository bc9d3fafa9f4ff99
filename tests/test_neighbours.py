"""Two processes with the same DingTalk app on one machine notice each other."""

import subprocess
import sys
from pathlib import Path

from neighbours import Claims

ROOT = Path(__file__).resolve().parent.parent
HOLD = "import sys; from pathlib import Path; from neighbours import Claims\nclaims = Claims(Path(sys.argv[1]))\n"
HOLD += "print(claims.claim(sys.argv[2:]), flush=True)\nsys.stdin.read()"


def test_an_app_that_another_process_runs_is_told(tmp_path: Path) -> None:
    """Until that process ends, however it ends; others are free."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "one", "two"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"[]\n"
        here = Claims(tmp_path)
        assert here.claim(["two", "three"]) == ["two"]
        other.kill()
    assert here.claim(["two"]) == []
    here.close()


def test_what_is_given_back_is_free(tmp_path: Path) -> None:
    """Another fleet of the same process is no exception."""
    first, second = Claims(tmp_path), Claims(tmp_path)
    assert first.claim(["one"]) == []
    assert second.claim(["one"]) == ["one"]
    first.close()
    assert second.claim(["one"]) == []
    second.close()


def test_a_folder_that_cannot_be_used_claims_nothing_and_tells_nobody(tmp_path: Path) -> None:
    """Nor is a link followed that stands where the file would be."""
    nowhere = Claims(tmp_path / "none")
    assert nowhere.claim(["one"]) == []
    probe = Claims(tmp_path)
    probe.claim(["one"])
    probe.close()
    (lock,) = tmp_path.iterdir()
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    assert probe.claim(["one"]) == []
    assert not (tmp_path / "elsewhere").exists()
    nowhere.close()
    probe.close()
