"""How a Redis is reached, what is refused, and how its failures are told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from errors import StoreUnavailable
from stores.base import ConversationKey, Usage
from stores.redis_server import RedisRefused, RedisServer, Script
from stores.redis_sessions import RedisMeter, RedisSessions
from tests.redis_server import LocalRedis, free_port

ANNA = ConversationKey("bot", "corp", "chat", "anna")
PASSWORD = "open:sesame@once"
USER = ("ACL", "SETUSER", "bridge", "on", f">{PASSWORD}", "~dingbridge:*", "&dingbridge:*", "+@all", "-@dangerous")

StartRedis = Callable[..., LocalRedis]

_REPEAT = Script("return ARGV[3]")


@contextmanager
def _saying(*answers: bytes) -> Iterator[str]:
    """Answer so to what is said, one after the other, at a URL of its own."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                for answer in answers:
                    connection.recv(10_000)
                    connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"redis://:{quote(PASSWORD)}@127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def _refusal(url: str) -> str:
    with closing(RedisServer(url)) as server, pytest.raises(RedisRefused) as caught:
        server.reach()
    assert PASSWORD not in str(caught.value)
    return str(caught.value).partition(": ")[2]


def _failure(url: str) -> str:
    with closing(RedisServer(url)) as server, pytest.raises(StoreUnavailable) as caught:
        server.reach()
    assert not isinstance(caught.value, RedisRefused)
    return str(caught.value).partition(": ")[2]


def test_who_is_let_in_by_a_password_can_use_the_server(start_redis: StartRedis) -> None:
    """The server's own, or a user's, who needs no more rights than the module says; odd characters are written %XX."""
    redis = start_redis()
    redis.ask(*USER)
    redis.ask("CONFIG", "SET", "requirepass", PASSWORD)
    for user in ("", "bridge"):
        with closing(RedisServer(f"redis://{user}:{quote(PASSWORD)}@127.0.0.1:{redis.port}/3")) as server:
            server.reach()
            assert server.run(_REPEAT, "heard") == "heard"
            assert PASSWORD not in repr(vars(server))
    assert _refusal(redis.url) == "NOAUTH Authentication required."


def test_a_password_that_is_wrong_is_told_but_not_said(redis: LocalRedis) -> None:
    """A user's, nobody's, and one where none is needed."""
    redis.ask(*USER)
    for user in ("bridge", "nobody"):
        refusal = _refusal(f"redis://{user}:wrong@127.0.0.1:{redis.port}")
        assert refusal == "WRONGPASS invalid username-password pair or user is disabled."
    assert "without any password configured" in _refusal(f"redis://:wrong@127.0.0.1:{redis.port}")


def test_rights_that_are_missing_are_told(redis: LocalRedis) -> None:
    """In the server's own words."""
    redis.ask("ACL", "SETUSER", "reader", "on", ">secret", "~*", "&*", "+@read", "+@connection")
    assert "NOPERM" in _refusal(f"redis://reader:secret@127.0.0.1:{redis.port}")


def test_a_database_that_is_not_there_is_refused(redis: LocalRedis) -> None:
    """Most servers have sixteen."""
    assert _refusal(f"{redis.url}/99") == "DB index is out of range"


@pytest.mark.parametrize("url", ["redis://", "redis://:secret@host:port", "redis://:secret@host/name", "redis://:secret@h?a=1"])
def test_a_url_that_cannot_be_read_is_not_repeated(url: str) -> None:
    """There may be a password in it."""
    with pytest.raises(ValueError, match="a Redis is named by redis://") as caught:
        RedisServer(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "Protocol Error"),
        (b"* you\r\nsaid what\r\n", "invalid literal"),
        (f"-ERR unknown command 'AUTH', with args beginning with: '{PASSWORD}' \r\n".encode(), "unknown command 'AUTH'"),
    ],
)
def test_another_program_is_recognised(answer: bytes, refusal: str) -> None:
    """By its first words; what it repeats of ours is not said."""
    with _saying(answer) as url, closing(RedisServer(url)) as server, pytest.raises(StoreUnavailable) as caught:
        server.reach()
    assert refusal in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(("facts", "version"), [("redis_version:6.0.16", "6.0.16"), ("color:green", "of no version")])
def test_a_version_that_is_too_old_is_refused(facts: str, version: str) -> None:
    """So is what has no version at all."""
    with _saying(b"+OK\r\n", f"${len(facts)}\r\n{facts}\r\n".encode()) as url:
        assert _refusal(url.replace(f":{quote(PASSWORD)}@", "")) == f"Redis {version} is too old, 6.2 is needed"


def test_a_cluster_is_refused(start_redis: StartRedis) -> None:
    """Its keys would be on several servers."""
    assert _refusal(start_redis("--cluster-enabled", "yes").url) == "is a cluster, a single Redis is needed"


def test_a_server_that_is_away_is_no_mistake(redis: LocalRedis) -> None:
    """It may come back: nobody listens there, nobody answers, no such name, or it cannot be written to just now."""
    redis.kill()
    assert "Connection refused" in _failure(redis.url)
    redis.start()
    redis.freeze()
    assert "Timeout" in _failure(redis.url)
    redis.thaw()
    assert "Name or service not known" in _failure("redis://nowhere.invalid")
    redis.ask("REPLICAOF", "127.0.0.1", 1)
    assert "READONLY" in _failure(redis.url)
    redis.ask("REPLICAOF", "NO", "ONE")


def test_a_full_server_is_told_and_goes_on_when_there_is_room(redis: LocalRedis) -> None:
    """In its own words, without ours."""
    with closing(RedisServer(redis.url)) as server:
        server.reach()
        sessions = RedisSessions(server, 60)
        session = sessions.load(ANNA).continued("private")
        redis.ask("CONFIG", "SET", "maxmemory", 1)
        with pytest.raises(StoreUnavailable, match="OOM") as caught:
            sessions.save(session)
        assert "private" not in str(caught.value)
        redis.ask("CONFIG", "SET", "maxmemory", 0)
        assert sessions.save(session)


def test_a_connection_that_was_closed_is_opened_anew(redis: LocalRedis) -> None:
    """The server may do so when it was not used for long; its scripts may be forgotten, too."""
    with closing(RedisServer(redis.url)) as server:
        server.reach()
        assert server.run(_REPEAT, 1) == "1"
        redis.ask("CLIENT", "KILL", "TYPE", "normal")
        redis.ask("SCRIPT", "FLUSH")
        assert server.run(_REPEAT, 2) == "2"


def test_a_call_that_was_given_up_comes_too_late(redis: LocalRedis) -> None:
    """After `reach`, what was sent before changes nothing any more, however long it was on its way."""
    with closing(RedisServer(redis.url)) as server:
        server.reach()
        meter = RedisMeter(server)
        server.reach()
        server._epoch -= 1
        with pytest.raises(StoreUnavailable, match="LATE the call was given up"):
            meter.add("corp", "2026-11", Usage(1))
        server._epoch += 1
        assert meter.add("corp", "2026-11", Usage()) == Usage()


def test_threads_wait_for_each_other_not_for_ever(redis: LocalRedis) -> None:
    """Two hundred at once, for some connections; in an outage each is told."""
    with closing(RedisServer(redis.url)) as server:
        server.reach()
        answers, failures = [], []

        def work(number: int) -> None:
            try:
                answers.append(int(server.run(_REPEAT, number)))
            except StoreUnavailable as error:
                failures.append(str(error))

        for broken in (False, True):
            if broken:
                redis.freeze()
            threads = [threading.Thread(target=work, args=(number,)) for number in range(200)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        redis.thaw()
        assert sorted(answers) == list(range(200))
        assert len(failures) == 200
        assert redis.ask("INFO", "clients")["connected_clients"] <= 20


def test_tls_reaches_the_host_that_the_certificate_names(
    start_redis: StartRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By an authority that the system, or SSL_CERT_FILE, trusts; any other certificate is refused."""
    authority, port = trustme.CA(), free_port()
    certificate = authority.issue_cert("localhost")
    key, chain, trusted = tmp_path / "key.pem", tmp_path / "chain.pem", tmp_path / "trusted.pem"
    certificate.private_key_pem.write_to_path(key)
    certificate.cert_chain_pems[0].write_to_path(chain)
    authority.cert_pem.write_to_path(trusted)
    options = ("--tls-cert-file", str(chain), "--tls-key-file", str(key), "--tls-auth-clients", "no")
    start_redis("--tls-port", str(port), *options)
    assert "CERTIFICATE_VERIFY_FAILED" in _refusal(f"rediss://localhost:{port}")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with closing(RedisServer(f"rediss://localhost:{port}")) as server:
        server.reach()
        assert server.run(_REPEAT, "heard") == "heard"
    assert "CERTIFICATE_VERIFY_FAILED" in _refusal(f"rediss://127.0.0.1:{port}")
