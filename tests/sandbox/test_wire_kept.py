"""The wire's memory: so many entries, so many bytes, and of one body no more than can be read."""

from sandbox.wire import Body, Frame, Wire


def test_only_the_last_entries_and_so_many_bytes_are_kept() -> None:
    """By number and by size, the oldest go first; what is gone is gone whole."""
    few, small = Wire(keep=3), Wire(most_bytes=3_000)
    for number in range(5):
        few.add("dingtalk", "frame", Frame(str(number)), {"way": "out", "what": "x"})
        small.add("dingtalk", "frame", Frame("x" * 500), {"way": "out", "what": "x"})

    assert [few.whole(seq) is None for seq in range(7)] == [True, True, True, False, False, False, True]
    assert few.log.oldest == 3
    assert few.whole(5) == {"seq": 5, "side": "dingtalk", "kind": "frame", "way": "out", "what": "x", "frame": 4}
    assert [small.whole(seq) is None for seq in range(1, 6)] == [True, True, True, False, False]


def test_a_long_body_is_kept_by_its_beginning_and_a_binary_one_by_its_size() -> None:
    """256 KB of text; of what is no text only how much it was."""
    long = Body.of(b"x" * 300_000, "text/plain; charset=utf-8").shown()
    binary = Body.of(b"\x89PNG" * 100, "image/png").shown()

    assert (len(long["body"]), long["truncated"]) == (256 * 1024, True)
    assert binary == {"body": None, "truncated": True, "bytes": 400, "type": "image/png"}
    assert Body.of(b"", "").shown()["truncated"] is False
