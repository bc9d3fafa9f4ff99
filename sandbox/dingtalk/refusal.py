"""The two shapes in which DingTalk says no."""

from typing import Any


class Refusal(Exception):
    """A refusal of api.dingtalk.com: an HTTP status and a body with requestid, code and message."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON body; mind the lower case `requestid`, as nearly all real bodies have it."""
        return {"requestid": request_id, "code": self.code, "message": self.message, **self.more}

    def as_fault(self) -> dict[str, Any]:
        """The params of a `dingtalk.api` fault that refuses so."""
        return {"status": self.status, "code": self.code, "message": self.message, "body": self.more}


class OldRefusal(Exception):
    """A refusal of oapi.dingtalk.com: HTTP 200 all the same, with errcode and errmsg."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(errmsg)
        self.errcode = errcode
        self.errmsg = errmsg

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"errcode": self.errcode, "errmsg": self.errmsg}

    def as_fault(self) -> dict[str, Any]:
        """The params of a `dingtalk.api` fault that refuses so."""
        return self.body()


def invalid_token() -> Refusal:
    """The answer to a token that is missing, expired or foreign: 400, not 401."""
    return Refusal(400, "InvalidAuthentication", "不合法的access_token")


def throttled() -> Refusal:
    """The answer to one call too many within a second; a 403 that has nothing to do with permissions."""
    return Refusal(403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "钉钉为应用调用该接口分配的QPS已用完，请稍后重试")


def throttled_old() -> OldRefusal:
    """The same in the old form."""
    return OldRefusal(90018, "您的应用调用该接口的QPS超过上限")


def month_over() -> Refusal:
    """The answer to a call beyond the organisation's month."""
    return Refusal(403, "Forbidden.AccessDenied.ApiCountLimitForOrg", "企业本月的接口调用次数已用完")


def month_over_old() -> OldRefusal:
    """The same in the old form."""
    return OldRefusal(90020, "企业本月的接口调用次数已用完")


def pushes_over() -> OldRefusal:
    """The answer of a session webhook beyond the organisation's month."""
    return OldRefusal(90030, "企业本月的Webhook和Stream推送次数已用完")


def session_over() -> OldRefusal:
    """The answer of a session webhook that has expired, or that never was."""
    return OldRefusal(300001, "session 不存在")


def not_permitted(scope: str) -> Refusal:
    """The answer to a call for which the app was not granted `scope`."""
    return Refusal(
        403,
        "Forbidden.AccessDenied.AccessTokenPermissionDenied",
        f"应用尚未开通所需的权限：[{scope}]，点击链接申请并开通即可："
        f"https://open-dev.dingtalk.com/appscope/apply?content=sandbox%23{scope}",
        accessdenieddetail={"requiredScopes": [scope]},
    )


def template_unpublished() -> Refusal:
    """The answer to a card made from a template that is still a draft."""
    return Refusal(400, "param.templateUnpublished", "template is unpublished")


def unknown_error() -> Refusal:
    """What the card service answers to a wrong key, a state that is not enabled, and more of that kind."""
    return Refusal(500, "unknownError", "未知错误")
