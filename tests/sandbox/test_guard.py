"""The page and the control API answer nobody's web page but their own; bots are answered under every name."""

from collections.abc import Iterator

import pytest
import requests

from sandbox.client import SandboxClient, SandboxProcess

SECONDS = 10


@pytest.fixture(scope="module", params=["127.0.0.1", "0.0.0.0"])  # the wide one is the point
def sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxClient]:
    """A sandbox that listens here only, and one that listens everywhere, as in a container."""
    with SandboxProcess(("--port", "0", "--host", request.param)) as client:
        client.url = f"http://127.0.0.1:{client.url.rpartition(':')[2]}"
        yield client


@pytest.mark.parametrize("host", ["evil.example.com", "127.0.0.1.evil.example", "[::1", "1.2.3"])
@pytest.mark.parametrize("path", ["/", "/page/main.js", "/sandbox/apps"])
def test_a_name_that_was_made_to_lead_here_is_refused(sandbox: SandboxClient, host: str, path: str) -> None:
    """DNS rebinding: page and API are one origin there, so that the name itself is all that tells."""
    answer = requests.get(f"{sandbox.url}{path}", headers={"Host": host, "Origin": f"http://{host}"}, timeout=SECONDS)

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "sandbox:8090", "192.168.1.2:8090", "[::1]:80", "host.docker.internal:8090"])
def test_names_that_nobody_else_can_own_are_answered(sandbox: SandboxClient, host: str) -> None:
    """Addresses, names of this network, and those of containers."""
    for path in ("/", "/sandbox/apps"):
        answer = requests.get(f"{sandbox.url}{path}", headers={"Host": host, "Origin": f"http://{host}"}, timeout=SECONDS)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_call_of_another_page_is_refused(sandbox: SandboxClient, headers: dict[str, str]) -> None:
    """Also under an origin that is none, and where the browser says it without an origin."""
    answer = requests.post(f"{sandbox.url}/sandbox/switches/ai_401", "{}", headers=headers, timeout=SECONDS)

    assert answer.status_code == 403


def test_bots_are_answered_under_every_name(sandbox: SandboxClient) -> None:
    """DingTalk's own names and a company's may lead here."""
    for host in ("api.dingtalk.com", "dify.company.example"):
        answer = requests.get(f"{sandbox.url}/gettoken?appkey=a&appsecret=b", headers={"Host": host}, timeout=SECONDS)
        assert answer.json()["errcode"] == 40089


def test_every_address_of_the_page_has_its_policy(sandbox: SandboxClient) -> None:
    """The same page is also there as a file."""
    for path in ("/", "/page/index.html", "/page/tokens.css"):
        headers = requests.get(f"{sandbox.url}{path}", timeout=SECONDS).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(("name", "kind"), [("a.html", "text/html"), ("a.svg", "image/svg+xml"), ("a.png", "image/png")])
def test_html_that_was_uploaded_to_dify_does_not_act(sandbox: SandboxClient, name: str, kind: str) -> None:
    """It would act on the control API's own origin, whatever it calls itself."""
    sandbox.put_dify_app("app-guard-0123", "guard", "chat")
    file = {"file": (name, b"<script>alert(1)</script>", kind)}
    key = {"Authorization": "Bearer app-guard-0123"}
    upload = requests.post(f"{sandbox.url}/v1/files/upload", files=file, data={"user": "u"}, headers=key, timeout=SECONDS)
    served = requests.get(f"{sandbox.url}{upload.json()['source_url']}", timeout=SECONDS)

    assert served.content == b"<script>alert(1)</script>"
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"] == "sandbox"
    assert served.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
