"""What the sandbox knows to be a secret is hidden by its value, wherever it turns up."""

from sandbox.keyring import Keyring

SECRET = "s3cr3t-of-the-bot-0123456789"


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    """In values and names, inside of words, twice, escaped for an address, and in what is torn."""
    keyring = Keyring()
    keyring.keep(SECRET)
    keyring.keep("with space&more")

    told = {"clientId": SECRET, "n": [f"x{SECRET}y{SECRET}", 1, None]}
    assert keyring.hide(told) == {
        "clientId": "s3c…",
        "n": ["xs3c…ys3c…", 1, None],
    }
    assert keyring.hide({SECRET: True}) == {"s3c…": True}
    assert keyring.hide("a=with%20space%26more") == "a=wit…"
    assert keyring.hide("{'appSecret': '" + SECRET) == "{'appSecret': 's3c…"


def test_of_two_secrets_that_begin_alike_the_longer_one_is_hidden_whole() -> None:
    """Else the tail of the longer one would be left."""
    keyring = Keyring()
    keyring.keep("abcdefgh")
    keyring.keep("abcdefgh-and-more")

    assert keyring.hide("abcdefgh-and-more") == "abc…"


def test_a_short_secret_is_not_searched_for() -> None:
    """It would be found in every other word."""
    keyring = Keyring()
    keyring.keep("bot")

    assert keyring.hide("robots") == "robots"


def test_passing_secrets_push_out_no_lasting_ones() -> None:
    """However many tokens and sessions there are, what an app must keep to itself stays known, and the bound holds."""
    keyring = Keyring()
    keyring.keep(SECRET)
    for number in range(20_001):
        keyring.lend(f"ticket-{number}")

    assert keyring.hide(SECRET) == "s3c…"
    assert keyring.hide("ticket-0!") == "ticket-0!"
    assert keyring.hide("ticket-20000") == "tic…"
