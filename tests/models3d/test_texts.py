"""Names survive every wrong decoding that real files carry; European text is not 'mended'."""

from __future__ import annotations

import pytest

from models3d.texts import language, mend, names_of


@pytest.mark.parametrize("text", ["巨构1号楼", "办公室", "实验楼A座三层", "卫生间 (男)"])
@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_chinese_read_as_latin_1_is_mended(text: str, codec: str) -> None:
    assert mend(text.encode(codec).decode("latin-1")) == text


@pytest.mark.parametrize("text", ["事務所", "会議室", "エントランス", "トイレ 1"])
def test_japanese_read_as_latin_1_is_mended(text: str) -> None:
    assert mend(text.encode("shift_jis").decode("latin-1")) == text


@pytest.mark.parametrize(
    "text", ["Küche", "Gästezimmer", "Recepção", "Büro Süd", "Åre", "Straße", "100 m²", "Café", "20°C", "Größe", "ÄÖ"]
)
def test_european_text_is_left_alone(text: str) -> None:
    assert mend(text) == text


def test_german_in_utf8_read_as_latin_1_is_mended() -> None:
    assert mend("Küche".encode().decode("latin-1")) == "Küche"


def test_byte_order_marks_inside_names_go() -> None:
    assert mend("﻿Level 1﻿") == "Level 1"


def test_names_carry_their_language() -> None:
    assert names_of("办公室 Office") == {"zh": "办公室", "en": "Office"}
    assert names_of("Küche") == {"": "Küche"}
    assert names_of("会議室です") == {"ja": "会議室です"}
    assert names_of("A座3层") == {"zh": "A座3层"}
    assert names_of(None, " ", "图书馆", "Library") == {"zh": "图书馆", "": "Library"}
    assert language("회의실") == "ko"
