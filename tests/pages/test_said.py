"""What sources say, in Chinese: every template is a sentence that the product can say, and what nobody knows stays."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from gmqtt.mqtt import handler

from datasources import contract
from pages._parts import said as module
from pages._parts.said import said

ROOT = Path(contract.__file__).resolve().parents[1]
TEMPLATES: list[tuple[str, str]] = json.loads((ROOT / "assets" / "i18n" / "zh.said.json").read_text("utf-8"))
NOT_OURS = {
    "connection refused", "connection reset by peer", "connection timed out", "timed out", "no route to host",
    "network is unreachable", "name or service not known", "temporary failure in name resolution",
}  # fmt: skip
"""Words of the operating system."""


def test_every_template_is_said_by_a_source() -> None:
    others = [ROOT / "twin" / "secret.py", ROOT / "twin" / "notify" / "spool.py", ROOT / "server" / "hooks.py"]
    files = [*sorted((ROOT / "datasources").glob("*.py")), *sorted((ROOT / "server").glob("notify*.py")), *others]
    code = "".join(file.read_text("utf-8") for file in files)
    code = re.sub(r'"\s*\n\s*f?"', "", code).replace("\\'", "'").casefold()
    brokers = Path(handler.__file__).read_text("utf-8").casefold()
    for sentence, _ in TEMPLATES:
        pieces = [piece.strip(" :;").casefold() for piece in re.split(r"\{\w+\}", sentence)]
        longest = max(pieces, key=len)
        assert sentence.casefold() in NOT_OURS or longest in code or longest in brokers, sentence


def test_templates_have_the_same_gaps_and_a_translation() -> None:
    for sentence, translated in TEMPLATES:
        assert sorted(re.findall(r"\{(\w+)\}", sentence)) == sorted(re.findall(r"\{(\w+)\}", translated)), sentence
        assert re.search("[一-鿿]", translated)
    assert len({sentence for sentence, _ in TEMPLATES}) == len(TEMPLATES)


@pytest.mark.parametrize(
    ("sentence", "translated"),
    [
        ("127.0.0.1:1883 cannot be reached: Connection refused", "无法连接 127.0.0.1:1883：连接被拒绝"),
        ("10.0.0.7:1883 refused the connection: not authorised", "10.0.0.7:1883 拒绝了连接：未获授权"),
        (
            "b:8883 did not answer within 5 s: it may expect TLS (set 'tls'), or it may speak only MQTT 3.1.1"
            " (set version: '3.1.1')",
            "b:8883 在 5 秒内没有应答：对方可能要求 TLS（请设置 tls），或对方可能只支持 MQTT 3.1.1"
            "（请设置 version: '3.1.1'）",
        ),
        ("ahu-1: timed out; ahu-2: no answer within 2 s", "ahu-1：超时；ahu-2：2 秒内没有应答"),
        ("no target answers: ahu-1: timed out", "没有目标应答：ahu-1：超时"),
        (
            "values arrive, but not from site/2 (2.9 MB in one message, more than max_packet_mb: 1)",
            "有数值到达，但 site/2（一条消息 2.9 MB，超过 max_packet_mb: 1） 没有",
        ),
        ("the meter says: E-42 {0}", "the meter says: E-42 {0}"),
        ("", ""),
    ],
)
def test_sentences_in_chinese(sentence: str, translated: str) -> None:
    assert said(sentence, "zh") == translated
    assert said(sentence, "en") == sentence


def test_a_refusal_of_the_operating_system_is_translated_as_it_comes() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(ConnectionRefusedError) as refused:
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert said(f"it cannot be reached: {refused.value.strerror}", "zh") == "无法连接：连接被拒绝"


def test_a_hostile_sentence_is_shown_as_it_came_and_soon() -> None:
    long = "a: " * 5000 + "cannot be reached: "
    assert said(long, "zh") == long
    for nested in (": ", " (", "; ", ", or ", "a: (b "):
        assert len(said(nested * (module.MOST_CHARS // len(nested)), "zh")) <= module.MOST_CHARS
    worst = ("x cannot be reached: " * 60)[: module.MOST_CHARS]
    assert "无法连接" in said(worst, "zh")
