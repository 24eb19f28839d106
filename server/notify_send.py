"""Messages on their way: one request to a robot, a program or a mail server. Nothing here waits for another try."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from server.notify_mail import send_mail
from server.notify_outcome import AgainError, RefusedError
from server.notify_text import Frame, message
from server.values import utc
from twin.config_notify import ChannelEntry
from twin.notify.matter import Matter
from twin.notify.spool import Notice
from twin.secret import SecretError, SecretRef

TIMEOUT_S = 10.0
LARGEST = 64 * 1024
WECOM_BYTES = 4000
CHAT_CHARS = 15_000
FAR_S = 30 * 86_400.0
"""So far ahead an alarm that goes on ends for an Alertmanager, which otherwise ends it by itself [s]."""
BUSY = {"dingtalk": (130101, 660026), "wecom": (45009, -1), "feishu": (9499, 11232)}
"""Codes with which robots say that it is too much just now."""
_COLOURS = {1: "red", 2: "orange", 3: "yellow", 4: "blue"}


@dataclass(frozen=True, slots=True)
class Post:
    """A request that brings a message."""

    url: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


async def send(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame) -> None:
    """Bring some notices by one message. RefusedError: it never will be; AgainError: not now."""
    try:
        if channel.type == "email":
            await asyncio.to_thread(send_mail, channel, notices, frame, time.time())
            return
        post = _POSTS[channel.type](channel, notices, frame, time.time())
    except SecretError as error:
        raise AgainError(str(error)) from None
    try:
        _judge(channel.type, await _posted(post))
    except RefusedError as error:
        raise RefusedError(hidden(str(error), post.url)) from None
    except AgainError as error:
        raise AgainError(hidden(str(error), post.url), error.after_s) from None


def hidden(text: str, url: str) -> str:
    """What the other side says, without the parts of its address that may be a key."""
    parts = urlsplit(url)
    words = [value for _, value in parse_qsl(parts.query)] + [part for part in parts.path.split("/") if len(part) > 15]
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 3:
            text = text.replace(word, "...")
    return text


async def _posted(post: Post) -> tuple[int, bytes, str]:
    """Status, body, and when it may be tried again ('' not said)."""
    content = post.body if isinstance(post.body, bytes) else json.dumps(post.body, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "campus-twin", **post.headers}
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
            client.stream("POST", post.url, content=content, headers=headers) as answer,
        ):
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LARGEST:
                    break
            return answer.status_code, body[:LARGEST], answer.headers.get("retry-after", "")
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise RefusedError("its address is none: look at 'url' of the channel") from None
    except httpx.HTTPError as error:  # its text may hold the address, and that a key
        raise AgainError(f"it cannot be reached ({type(error).__name__})") from None


def _judge(kind: str, answer: tuple[int, bytes, str]) -> None:
    status, body, after = answer
    if status in (408, 425, 429) or status >= 500:
        raise AgainError(f"it answered {status}", float(after) if after.isdigit() else 0.0)
    if status >= 400 or 300 <= status < 400:
        raise RefusedError(f"it answered {status}: look at 'url' and the secret of the channel")
    if kind not in BUSY:
        return
    try:
        told = json.loads(body)
        code = int(told.get("errcode", told.get("code", told.get("StatusCode", 0))))
        words = str(told.get("errmsg") or told.get("msg") or "")[:200]
    except (ValueError, TypeError, AttributeError):
        raise AgainError("its answer is no JSON") from None
    if code in BUSY[kind]:
        raise AgainError(f"it says {code} {words}", 60.0)
    if code:
        raise RefusedError(f"it says {code} {words}")


def _address(channel: ChannelEntry) -> str:
    url = channel.url.reveal() if isinstance(channel.url, SecretRef) else channel.url or ""
    if not url.startswith(("https://", "http://")):
        raise RefusedError("its address does not begin with https://: look at 'url' of the channel")
    return url


def _key(channel: ChannelEntry) -> bytes:
    return channel.secret.reveal().encode() if channel.secret is not None else b""


def signature(key: bytes, text: bytes) -> str:
    """HMAC-SHA256 in base64, as the robots want it."""
    return base64.b64encode(hmac.new(key, text, sha256).digest()).decode()


def _dingtalk(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> Post:
    url, key = _address(channel), _key(channel)
    if key:
        stamp = str(round(now * 1000))
        sign = signature(key, stamp.encode() + b"\n" + key)
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    told = message(notices, channel, frame, now, "markdown")
    everybody = "all" in channel.mention
    phones = [each for each in channel.mention if each != "all"]
    called = "".join(f" @{phone}" for phone in phones)
    text = f"### {told.title}\n\n{told.body}{called}"[:CHAT_CHARS]
    return Post(
        url,
        {
            "msgtype": "markdown",
            "markdown": {"title": told.title[:100], "text": text},
            "at": {"atMobiles": phones, "isAtAll": everybody},
        },
    )


def _wecom(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> Post:
    told = message(notices, channel, frame, now, "markdown")
    called = "".join(f"<@{name}>" for name in channel.mention)
    room = WECOM_BYTES - len(called.encode())
    text = f"### {told.title}\n\n{told.body}".encode()[:room].decode("utf-8", "ignore")
    return Post(_address(channel), {"msgtype": "markdown", "markdown": {"content": text + called}})


def _feishu(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> Post:
    told, key = message(notices, channel, frame, now, "markdown"), _key(channel)
    over = all(notice.kind in ("ended", "test") for notice in notices)
    colour = "green" if over else _COLOURS[min(notice.matter.priority for notice in notices)]
    body: dict[str, Any] = {
        "msg_type": "interactive",
        "card": {
            "header": {"title": {"tag": "plain_text", "content": told.title[:200]}, "template": colour},
            "elements": [{"tag": "markdown", "content": told.body[:CHAT_CHARS]}],
        },
    }
    if key:
        stamp = str(round(now))
        body |= {"timestamp": stamp, "sign": signature(stamp.encode() + b"\n" + key, b"")}
    return Post(_address(channel), body)


def _webhook(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> Post:
    rows = [_row(notice) for notice in notices]
    content = json.dumps({"version": 1, "campus": dict(frame.names), "notices": rows}, ensure_ascii=False).encode()
    headers = {"X-Campus-Notices": ",".join(str(notice.id) for notice in notices)[:1000]}
    if key := _key(channel):
        stamp = str(round(now))
        sign = hmac.new(key, stamp.encode() + b"." + content, sha256).hexdigest()
        headers |= {"X-Campus-Timestamp": stamp, "X-Campus-Signature": f"sha256={sign}"}
    return Post(_address(channel), content, headers)


def _row(notice: Notice) -> dict[str, Any]:
    """A notice for a program."""
    matter = notice.matter
    return {
        "id": notice.id, "kind": notice.kind, "time": utc(notice.made).isoformat(), "of": matter.id,
        "incident": matter.number or None, "priority": matter.priority, "text": dict(matter.texts),
        "since": _time(matter.since), "ended": _time(matter.ended), "place": matter.place,
        "place_names": dict(matter.place_names), "building": matter.building, "rule": matter.rule,
        "cause": dict(matter.cause), "consequence": dict(matter.consequence), "action": dict(matter.action),
        "owner": dict(matter.owner), "respond_s": matter.respond_s, "consequences": matter.consequences,
        "simulated": matter.simulated,
    }  # fmt: skip


def _time(seconds: float | None) -> str | None:
    return utc(seconds).isoformat() if seconds else None


def _alertmanager(channel: ChannelEntry, notices: Sequence[Notice], frame: Frame, now: float) -> Post:
    key = _key(channel)
    headers = {"Authorization": f"Bearer {key.decode()}"} if key else {}
    rows = [_alert(notice, channel, frame, now) for notice in notices]
    return Post(f"{_address(channel).rstrip('/')}/api/v2/alerts", rows, headers)


def _alert(notice: Notice, channel: ChannelEntry, frame: Frame, now: float) -> dict[str, Any]:
    matter: Matter = notice.matter
    lang = "en" if channel.language == "en" else "zh"
    over = notice.kind == "ended"
    labels = {
        "alertname": matter.rule or ("incident" if matter.number else "campus-twin"), "id": matter.id,
        "place": matter.place, "building": matter.building,
        "severity": ("critical", "high", "warning", "info")[matter.priority - 1],
    }  # fmt: skip
    texts = {"summary": matter.texts, "description": matter.consequence, "action": matter.action}
    told = {name: text.get(lang) or next(iter(text.values()), "") for name, text in texts.items()}
    end = now if over or notice.kind == "test" else now + FAR_S
    return {
        "labels": {name: text for name, text in labels.items() if text},
        "annotations": {name: text for name, text in told.items() if text},
        "startsAt": utc(min(matter.since or now, now - 1)).isoformat(),  # it refuses what ends before it begins
        "endsAt": utc(end).isoformat(), "generatorURL": frame.url,
    }  # fmt: skip


_POSTS: Mapping[str, Callable[[ChannelEntry, Sequence[Notice], Frame, float], Post]] = {
    "dingtalk": _dingtalk, "wecom": _wecom, "feishu": _feishu, "webhook": _webhook, "alertmanager": _alertmanager,
}  # fmt: skip
