"""Messages as they are sent: to robots with their signatures, to programs, by mail; what each answer means."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from server.notify_mail import letter_of, send_mail
from server.notify_outcome import AgainError, RefusedError
from server.notify_send import send
from server.notify_text import Frame, message, words
from tests.datasources.pki import Authority
from tests.server.receivers import Receiver, mailbox, receiver
from twin.config_notify import ChannelEntry
from twin.notify.matter import Kind, Matter
from twin.notify.spool import Notice

FRAME = Frame({"zh": "科教板块", "en": "The block"}, ZoneInfo("Asia/Shanghai"), "https://twin.example.edu")
SINCE = 1_795_834_800.0
MATTER = Matter(
    "noc:x/1", 1, {"zh": "交换机离线 [点我](http://evil)", "en": "Switch is down <@all>"}, SINCE, "1/01/101",
    {"zh": "1号楼 101", "en": "House 1 101"}, "1", "noc", {"zh": "停电", "en": "No power"}, {},
    {"zh": "查看\n供电", "en": "Look at the power"}, {"zh": "网络组", "en": "Network"}, 1800.0,
)  # fmt: skip


@pytest.fixture
def peer() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


def notice(kind: Kind = "raised", id_: int = 1, matter: Matter = MATTER) -> Notice:
    return Notice(id_, SINCE + 60, "duty", kind, matter, "waiting", 0, SINCE, None, "")


def channel(peer: Receiver, kind: str, monkeypatch: pytest.MonkeyPatch, **more: Any) -> ChannelEntry:
    monkeypatch.setenv("NOTIFY_URL", f"{peer.url}/robot/send?access_token=key-of-the-robot")
    monkeypatch.setenv("NOTIFY_SECRET", "SEC123")
    return ChannelEntry.model_validate({"type": kind, "url": {"env": "NOTIFY_URL"}, **more})


def bring(entry: ChannelEntry, *notices: Notice) -> None:
    asyncio.run(send(entry, notices or (notice(),), FRAME))


def test_dingtalk_is_signed_and_marked_down(peer: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(channel(peer, "dingtalk", monkeypatch, secret={"env": "NOTIFY_SECRET"}, mention=["13800000000", "all"]))
    ((path, _, _),), (body,) = peer.requests, peer.bodies()
    query = parse_qs(urlsplit(path).query)
    assert query["access_token"] == ["key-of-the-robot"]
    stamp = query["timestamp"][0]
    assert abs(int(stamp) / 1000 - time.time()) < 10
    due = base64.b64encode(hmac.new(b"SEC123", f"{stamp}\nSEC123".encode(), sha256).digest()).decode()
    assert query["sign"] == [due]
    assert body["msgtype"] == "markdown"
    assert body["at"] == {"atMobiles": ["13800000000"], "isAtAll": True}
    assert body["markdown"]["title"].startswith("科教板块 报警（紧急）：交换机离线")
    text = body["markdown"]["text"]
    assert "**位置** 1号楼 101" in text
    assert "**开始** 2026-11-28 11:00" in text
    assert "**处置** 查看 供电" in text
    assert "**响应时限** 30 分钟" in text
    assert "[打开](https://twin.example.edu/alarms?alarm=noc%3Ax%2F1&lang=zh)" in text
    assert "](http://evil)" not in text, "a text of another system makes no link"


def test_feishu_is_signed_and_coloured_by_what_it_means(peer: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = channel(peer, "feishu", monkeypatch, secret={"env": "NOTIFY_SECRET"}, language="en")
    bring(entry)
    bring(entry, notice("ended", 2, replace(MATTER, ended=SINCE + 5400)))
    first, second = peer.bodies()
    due = base64.b64encode(hmac.new(f"{first['timestamp']}\nSEC123".encode(), b"", sha256).digest()).decode()
    assert first["sign"] == due
    assert first["card"]["header"]["title"]["content"] == "The block alarm (critical): Switch is down ＜＠all＞"
    assert [row["card"]["header"]["template"] for row in (first, second)] == ["red", "green"]
    assert "**Lasted** 90 min" in second["card"]["elements"][0]["content"]
    assert "**Action**" not in second["card"]["elements"][0]["content"]


def test_wecom_is_short_enough_and_calls_by_name(peer: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    long = replace(MATTER, action={"zh": "检查" * 3000, "en": "x"})
    bring(channel(peer, "wecom", monkeypatch, mention=["zhangsan"]), notice(matter=long))
    (body,) = peer.bodies()
    content = body["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert content.endswith("<@zhangsan>")


def test_both_languages_templates_and_many_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ChannelEntry.model_validate({"type": "wecom", "url": {"env": "X"}, "language": "both"})
    told = message([notice()], entry, FRAME, SINCE + 60, "markdown")
    assert "**位置** 1号楼 101" in told.body
    assert "**The block alarm (critical): Switch is down ＜＠all＞**" in told.body
    own = {"zh": "{priority}|{text}|{place}|{link}", "en": "{text}"}
    entry = ChannelEntry.model_validate({"type": "wecom", "url": {"env": "X"}, "template": own})
    told = message([notice()], entry, FRAME, SINCE, "markdown")
    assert told.body.startswith("紧急|交换机离线 ［点我］(http://evil)|1号楼 101|https://twin.example.edu/alarms?")
    many = [notice("raised", n, replace(MATTER, id=str(n), priority=1 + n % 4)) for n in range(25)]
    many.append(notice("ended", 99, replace(MATTER, id="99", place_names={}, ended=SINCE + 60)))
    told = message(many, entry, FRAME, SINCE, "plain")
    assert told.title == "科教板块：26 条消息合并"
    lines = told.body.splitlines()
    assert lines[0] == "1 条已恢复，25 条新报警"
    assert lines[1].startswith("- 紧急：交换机离线")
    assert len([line for line in lines if line.startswith("- ")]) == 20
    assert "另有 6 条" in told.body
    incident = replace(MATTER, number=7, consequences=214)
    told = message([notice(matter=incident)], entry.model_copy(update={"template": None}), FRAME, SINCE, "plain")
    assert "事件 7：交换机离线" in told.title
    assert "影响：214 条后果报警" in told.body
    assert "/incidents/noc%3Ax%2F1?lang=zh" in told.body


def test_a_program_can_check_that_it_is_ours(peer: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = ChannelEntry.model_validate(
        {"type": "webhook", "url": f"{peer.url}/in", "secret": {"env": "NOTIFY_SECRET"}}
    )  # fmt: skip
    monkeypatch.setenv("NOTIFY_SECRET", "a shared secret")
    bring(entry, notice(), notice("ended", 2))
    ((path, headers, content),) = peer.requests
    signed = headers["x-campus-timestamp"].encode() + b"." + content
    due = hmac.new(b"a shared secret", signed, sha256).hexdigest()
    assert (path, headers["x-campus-signature"]) == ("/in", f"sha256={due}")
    assert headers["x-campus-notices"] == "1,2"
    body = json.loads(content)
    assert body["version"] == 1
    assert [(row["id"], row["kind"], row["of"], row["priority"]) for row in body["notices"]] == [
        (1, "raised", "noc:x/1", 1), (2, "ended", "noc:x/1", 1),
    ]  # fmt: skip
    assert body["notices"][0]["since"] == "2026-11-28T03:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "answer", "error", "said"),
    [
        ("webhook", (500, b"", {}), AgainError, "500"),
        ("webhook", (429, b"", {"Retry-After": "90"}), AgainError, "429"),
        ("webhook", (404, b"", {}), RefusedError, "404"),
        ("webhook", (302, b"", {"Location": "/"}), RefusedError, "302"),
        ("dingtalk", (200, {"errcode": 310000, "errmsg": "sign not match"}, {}), RefusedError, "sign not match"),
        ("dingtalk", (200, {"errcode": 130101, "errmsg": "send too fast"}, {}), AgainError, "too fast"),
        ("wecom", (200, {"errcode": 45009, "errmsg": "freq out of limit"}, {}), AgainError, "freq"),
        ("wecom", (200, {"errcode": 93000, "errmsg": "invalid webhook url"}, {}), RefusedError, "93000"),
        ("feishu", (200, {"code": 19021, "msg": "sign match fail"}, {}), RefusedError, "sign match fail"),
        ("feishu", (200, {"code": 9499, "msg": "too many request"}, {}), AgainError, "too many"),
        ("feishu", (200, b"<html>", {}), AgainError, "no JSON"),
    ],
)  # fmt: skip
def test_answers_say_whether_to_try_again(
    peer: Receiver, monkeypatch: pytest.MonkeyPatch, kind: str, answer: Any, error: type[Exception], said: str
) -> None:
    peer.answers.append(answer)
    with pytest.raises(error, match=said) as told:
        bring(channel(peer, kind, monkeypatch))
    assert "key-of-the-robot" not in str(told.value)
    if answer[0] == 429:
        assert isinstance(told.value, AgainError)
        assert told.value.after_s == 90
    assert len(peer.requests) == 1, "no redirect is followed"


def test_what_cannot_be_reached_is_tried_again_and_no_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = channel(Receiver("http://127.0.0.1:9"), "dingtalk", monkeypatch)
    with pytest.raises(AgainError, match="cannot be reached") as told:
        bring(entry)
    assert "key-of-the-robot" not in str(told.value)
    monkeypatch.setenv("NOTIFY_URL", "file:///etc/passwd")
    with pytest.raises(RefusedError, match="https"):
        bring(entry)
    monkeypatch.delenv("NOTIFY_URL")
    with pytest.raises(AgainError, match="NOTIFY_URL is not set"):
        bring(entry)


def mail(port: int, **more: Any) -> ChannelEntry:
    return ChannelEntry.model_validate(
        {"type": "email", "host": "127.0.0.1", "port": port, "security": "none", "from": "twin@example.edu",
         "to": ["noc@example.edu", "lead@example.edu"], **more}
    )  # fmt: skip


def test_a_mail_arrives_and_its_end_belongs_to_it() -> None:
    with mailbox() as box:
        bring(mail(box.port))
        bring(mail(box.port, language="en"), notice("ended", 2, replace(MATTER, ended=SINCE + 3600)))
        first, second = box.letters
    assert first["subject"] == "科教板块 报警（紧急）：交换机离线 [点我](http://evil)"
    assert first["to"] == "noc@example.edu, lead@example.edu"
    assert (first["auto-submitted"], first["importance"]) == ("auto-generated", "high")
    assert "处置：查看 供电" in first.get_content()
    assert second["in-reply-to"] == first["message-id"]
    assert second["subject"].startswith("The block over:")
    assert box.envelopes[0].rcpt_tos == ["noc@example.edu", "lead@example.edu"]


def test_a_mail_holds_no_second_header(monkeypatch: pytest.MonkeyPatch) -> None:
    evil = replace(MATTER, texts={"zh": "x\r\nBcc: all@example.edu\r\n\r\nhello", "en": "x"})
    letter = letter_of(mail(25), [notice(matter=evil)], FRAME, SINCE)
    assert letter["bcc"] is None
    assert "\n" not in letter["subject"]


def test_a_mail_server_that_refuses_and_one_that_puts_off() -> None:
    with mailbox() as box:
        box.answers = ["451 later", "554 never"]
        with pytest.raises(AgainError, match="451"):
            bring(mail(box.port))
        with pytest.raises(RefusedError, match="554"):
            bring(mail(box.port))
        box.refuse = frozenset({"noc@example.edu", "lead@example.edu"})
        with pytest.raises(RefusedError, match="every recipient"):
            bring(mail(box.port))
        with pytest.raises(RefusedError, match="security"):
            bring(mail(box.port, security="starttls"))
        port = box.port
    with pytest.raises(AgainError, match="cannot be reached"):
        bring(mail(port))


def test_a_mail_over_tls_checks_who_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    certificate = authority.issue("127.0.0.1")
    monkeypatch.setenv("MAIL_PASSWORD", "a mail secret")
    more = {"security": "starttls", "user": "twin", "password": {"env": "MAIL_PASSWORD"}}
    with mailbox(certificate) as box:
        with pytest.raises(AgainError, match="no safe connection"):
            send_mail(mail(box.port, **more), [notice()], FRAME, SINCE)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        send_mail(mail(box.port, **more), [notice()], FRAME, SINCE)
        assert box.users == [("twin", "a mail secret")]
        assert len(box.letters) == 1
        monkeypatch.setenv("MAIL_PASSWORD", "wrong")
        with pytest.raises(AgainError, match="refuses user and password"):
            send_mail(mail(box.port, **more), [notice()], FRAME, SINCE)


def test_the_texts_of_both_languages_have_the_same_keys_and_figures() -> None:
    import string

    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key in zh:
        names = [{name for _, name, _, _ in string.Formatter().parse(text[key]) if name} for text in (zh, en)]
        assert names[0] == names[1], key
