"""Changes of neighbours, and where LLDP differs from the sheet, in Chinese and English."""

from __future__ import annotations

from typing import Literal

from twin.neighbours import Change
from twin.topology_wiring import Disagreement

Language = Literal["zh", "en"]

_CHANGES = {
    "new": {
        "zh": "{target} 的端口 {port} 出现新邻居 {remote}（{remote_port}）",
        "en": "{target} {port} has a new neighbour: {remote} {remote_port}",
    },
    "moved": {
        "zh": "{remote} 已改接：现为 {target} {port} - {remote_port}，原为 {before}",
        "en": "{remote} has moved: {target} {port} - {remote_port} now, {before} before",
    },
    "lost": {
        "zh": "{target} 的端口 {port} 不再看到邻居 {remote}（{remote_port}）；该连线在拓扑中再保留一天",
        "en": "{target} {port} does not see {remote} {remote_port} any more; the wire stays in the topology for a day",
    },
    "back": {
        "zh": "{target} 的端口 {port} 重新看到邻居 {remote}（{remote_port}）",
        "en": "{target} {port} sees {remote} {remote_port} again",
    },
    "dropped": {
        "zh": "{target} 的端口 {port} 一天未见邻居 {remote}（{remote_port}）：连线已从拓扑中去除",
        "en": "{target} {port} has not seen {remote} {remote_port} for a day: the wire is out of the topology",
    },
}
_DIFFERENCES = {
    "other-uplink": {
        "zh": "LLDP 显示 {device} 上联 {told}，拓扑表第 {line} 行写的是 {known}：以表为准",
        "en": "{device} is wired to {told} by LLDP; the sheet says {known} (line {line}): the sheet is kept",
    },
    "not-seen": {
        "zh": "拓扑表第 {line} 行写明 {device} 上联 {known}，LLDP 未看到此连线，只看到它与 {told} 相连：以表为准",
        "en": "the sheet says that {device} uplinks {known} (line {line}); LLDP does not see that wire, only those to "
        "{told}: the sheet is kept",
    },
    "model-replaced": {
        "zh": "模型写的是 {device} 上联 {known}，LLDP 显示上联 {told}：以 LLDP 为准",
        "en": "a model says that {device} uplinks {known}; LLDP sees it wired to {told}: LLDP is taken",
    },
}


def change_words(row: Change, language: Language) -> str:
    """What happened to a neighbour."""
    text = _CHANGES[row.kind][language].format(
        target=row.target, port=row.port, remote=row.remote, remote_port=row.remote_port, before=row.before
    )
    return " ".join(text.split())


def disagreement_words(row: Disagreement, language: Language) -> str:
    """Where LLDP and what else is known differ, and which is taken."""
    between = "、" if language == "zh" else ", "
    return _DIFFERENCES[row.kind][language].format(
        device=row.device, told=between.join(row.told), known=between.join(row.known), line=row.line
    )
