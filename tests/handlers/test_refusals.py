"""What DingTalk's older API refuses, by its numbers; and an answer that should hold a token and has none."""

from collections.abc import Mapping
from contextlib import closing

import pytest

from errors import DingTalkError, DingTalkUnreachable, PermissionMissing, QuotaUsedUp, Throttled, TokenExpired
from handlers.account import Account, Companies
from handlers.dingtalk import DingTalkClient
from handlers.refusals import from_errcode
from ops.door import Answer, Door, Visit
from ops.http import HttpServer
from settings import Endpoints

NOT_GRANTED = (
    "应用尚未开通所需的权限：[qyapi_base]，点击链接申请并开通即可：https://open-dev.dingtalk.com/appscope/apply?content=x"
)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"errcode": 40014}, TokenExpired),
        ({"errcode": 88, "errmsg": "不合法的access_token"}, TokenExpired),
        ({"errcode": 88, "errmsg": "ding talk error[subcode=40014,submsg=不合法的access_token]"}, TokenExpired),
        ({"errcode": 88, "errmsg": f"ding talk error[subcode=60011,submsg={NOT_GRANTED}]"}, PermissionMissing),
        ({"errcode": 88, "sub_code": "60011", "sub_msg": NOT_GRANTED}, PermissionMissing),
        ({"errcode": 88, "sub_code": "90018"}, Throttled),
        ({"errcode": "60011", "errmsg": NOT_GRANTED}, PermissionMissing),
        ({"errcode": 90030}, QuotaUsedUp),
        ({"errcode": "odd"}, DingTalkError),
    ],
)
def test_a_number_is_an_error(answer: Mapping[str, object], kind: type[DingTalkError]) -> None:
    """88 says by a number within what it is, else that the token is no good."""
    with pytest.raises(DingTalkError) as caught:
        from_errcode(answer)
    assert type(caught.value) is kind
    assert caught.value.code == str(answer["errcode"])
    if isinstance(caught.value, PermissionMissing):
        assert caught.value.scopes == ("qyapi_base",)
        assert caught.value.apply_url == "https://open-dev.dingtalk.com/appscope/apply?content=x"


@pytest.mark.parametrize("token", ["", None, 7])
def test_no_call_is_made_without_a_token(token: object) -> None:
    """An answer that holds none is a failure of DingTalk's; the next call asks for one again."""
    asked: list[str] = []

    def door(path: str, answer: Mapping[str, object]) -> Door:
        async def take(_: Visit) -> Answer:
            asked.append(path)
            return Answer.json(200, answer)

        return Door("POST", path, take)

    tokens, send = "/v1.0/oauth2/accessToken", "/v1.0/robot/groupMessages/send"
    server = HttpServer("127.0.0.1", 0, (door(tokens, {"accessToken": token, "expireIn": 7200}), door(send, {})))
    server.start()
    url = f"http://127.0.0.1:{server.port}"
    with closing(server), closing(DingTalkClient(Endpoints(url, url), "bot", "s", Account(Companies()))) as client:
        for _ in range(2):
            with pytest.raises(DingTalkUnreachable, match="token"):
                client.send_to_group("cid", "title", "text")
    assert asked == [tokens, tokens]
