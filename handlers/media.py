"""Pictures to and from DingTalk: fetches what people sent, uploads what answers show."""

import re
import time
from contextlib import closing

from urllib3 import encode_multipart_formdata

from errors import DingTalkUnreachable, PictureUnreadable
from handlers.dingtalk import DingTalkClient

_DOWNLOAD_SECONDS = 60
_BITE = 65_536


def download(client: DingTalkClient, code: str, most: int) -> bytes:
    """Return a file that somebody sent, by its download code (permission qyapi_robot_sendmsg).

    Raises PictureUnreadable for more than `most` bytes, or when it takes longer than a minute.
    """
    body = {"downloadCode": code, "robotCode": client.client_id}
    url = str(client.call("POST", "/v1.0/robot/messageFiles/download", body).get("downloadUrl") or "")
    deadline, content = time.monotonic() + _DOWNLOAD_SECONDS, bytearray()
    with closing(client.fetch(url, _BITE)) as bites:
        for bite in bites:
            content += bite
            if len(content) > most or time.monotonic() > deadline:
                raise PictureUnreadable(f"more than {most} bytes, or more than a minute to fetch")
    return bytes(content)


def upload_picture(client: DingTalkClient, name: str, content: bytes) -> str:
    """Upload a picture (jpg, png, gif or bmp, 20 MB at most); return its media id, which DingTalk's own apps can show."""
    payload, content_type = encode_multipart_formdata({"media": (name, content)})
    answer = client.call_oapi("/media/upload", {"type": "image"}, payload, content_type)
    media_id = str(answer.get("media_id") or "")
    if not re.fullmatch(r"[@$][\w-]+", media_id):
        raise DingTalkUnreachable("the answer to an upload has no media_id")
    return media_id
