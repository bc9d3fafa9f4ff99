"""Who signed a request, told apart from who did not."""

import base64
import hashlib
import hmac

import pytest

from handlers.signature import Verdict, card_secret, verify, verify_card

SECRET = "app-secret"
NOW = 1_763_700_000.0
TIMESTAMP = str(int(NOW * 1000))


def _sign(timestamp: str, secret: str = SECRET) -> str:
    """Sign a robot message as DingTalk's document says."""
    return base64.b64encode(hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()).decode()


def _sign_card(timestamp: str, secret: str = SECRET) -> str:
    """Sign a card callback as DingTalk's document says."""
    return base64.b64encode(hmac.new(secret.encode(), timestamp.encode(), hashlib.sha256).digest()).decode()


def test_a_message_that_dingtalk_signed_is_valid() -> None:
    """By a value that OpenSSL worked out: `dgst -sha256 -hmac app-secret -binary`, then base64."""
    assert verify("1763700000000", "Gxn+Fnxn7F8F0TeMw9ywyx9YQdEiiEsvtp64Xd0RZfY=", SECRET, NOW) is Verdict.VALID
    assert verify(TIMESTAMP, _sign(TIMESTAMP), SECRET, NOW) is Verdict.VALID


@pytest.mark.parametrize(
    ("timestamp", "sign"), [(None, None), ("", ""), (TIMESTAMP, None), (None, _sign(TIMESTAMP)), (TIMESTAMP, "")]
)
def test_what_is_missing_is_told(timestamp: str | None, sign: str | None) -> None:
    """Either header."""
    assert verify(timestamp, sign, SECRET, NOW) is Verdict.MISSING


@pytest.mark.parametrize(
    "timestamp",
    ["now", "-1", "+1763700000000", "1763700000000.0", "1e12", " 1763700000000", "1" * 17, "١٧٦٣٧٠٠٠٠٠٠٠٠", "0x10", "NaN"],
)
def test_a_timestamp_that_is_no_number_is_malformed(timestamp: str) -> None:
    """However well it is signed."""
    assert verify(timestamp, _sign(timestamp), SECRET, NOW) is Verdict.MALFORMED


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (0, Verdict.VALID),
        (3_599, Verdict.VALID),
        (3_600, Verdict.VALID),
        (3_601, Verdict.LATE),
        (10**8, Verdict.LATE),
        (-3_600, Verdict.VALID),
        (-3_601, Verdict.EARLY),
        (-(10**8), Verdict.EARLY),
    ],
)
def test_a_signature_is_good_for_an_hour(age: int, verdict: Verdict) -> None:
    """By our clock, before and after."""
    timestamp = str(int((NOW - age) * 1000))
    assert verify(timestamp, _sign(timestamp), SECRET, NOW) is verdict
    assert verify_card(timestamp, _sign_card(timestamp), SECRET, NOW) is verdict


@pytest.mark.parametrize(
    "sign",
    [
        _sign(TIMESTAMP, "another-secret"),
        _sign("1763700000001"),
        _sign_card(TIMESTAMP),
        _sign(TIMESTAMP).rstrip("="),
        _sign(TIMESTAMP) + "=",
        _sign(TIMESTAMP).swapcase(),
        "x",
        "签名",
        "\udcff\udc80",
        "\x00",
        "A" * 100_000,
    ],
)
def test_a_wrong_signature_is_forged_whatever_it_holds(sign: str) -> None:
    """Odd characters raise nothing; neither does a half of one, as an HTTP header may hold."""
    assert verify(TIMESTAMP, sign, SECRET, NOW) is Verdict.FORGED


def test_a_forger_does_not_learn_about_the_clock() -> None:
    """A wrong signature is wrong first, however old."""
    assert verify("1", "x", SECRET, NOW) is Verdict.FORGED


@pytest.mark.parametrize("timestamp", [TIMESTAMP, str(int(NOW))])
def test_a_card_callback_is_timed_in_milliseconds_or_seconds(timestamp: str) -> None:
    """The document leaves open which."""
    assert verify_card(timestamp, _sign_card(timestamp), SECRET, NOW) is Verdict.VALID
    assert verify_card(timestamp, _sign_card(timestamp, "other"), SECRET, NOW) is Verdict.FORGED


def test_each_process_of_a_bot_comes_to_the_same_card_secret() -> None:
    """It is another one for each bot, and does not hold the app's own."""
    secret = card_secret("app-secret", "dingone")
    assert secret == card_secret("app-secret", "dingone")
    assert len({secret, card_secret("app-secret", "dingtwo"), card_secret("other-secret", "dingone")}) == 3
    assert "app-secret" not in secret
