"""``tours/*.yaml``: what is read of it, every mistake at once with its place, further languages, moments, variants."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.config import read_campus_config
from twin.mistake import Mistake
from twin.tours.camera import ACROSS_S, NEIGHBOURS_S, Pose, move_seconds
from twin.tours.condition import Facts
from twin.tours.conductor import Skip, Stop
from twin.tours.figure import Figure
from twin.tours.moment import moment
from twin.tours.plan import plan_of, skips_now
from twin.tours.spoken import spoken
from twin.tours.telling import chapter_of, lost, untold, words_now
from twin.tours.text import filled, length
from twin.tours.tour import Step, Tour, Words
from twin.tours.tour_files import default_tours, read_tours
from twin.tours.variant import chosen

GOOD = """
names: {zh: 走一圈, en: A round}
summary: {zh: 一圈, en: One round}
minutes: [5]
chapters:
  - id: first
    names: {zh: 第一章, en: Chapter one}
    steps:
      - id: power
        text: {zh: "现在用电 {kpi:energy.power@14}。", en: "It draws {kpi:energy.power@14}."}
        number: kpi:energy.power
        camera:
          - {of: "14", azimuth: 200, move: 2.4s, rest: 3s}
          - {shot: opening}
        highlights: ["14"]
        callouts: [{of: "15", number: channel:energy.co2@15}]
        channel: energy.power
        time: {at: yesterday 06:00 to 22:00, play: 15s}
        dwell: 30s
        otherwise:
          - when: night
            text: {zh: 夜里, en: At night}
        media: {file: media/a.png, alt: {zh: 图, en: Picture}}
      - id: fair
        text: {zh: 周末, en: Weekend}
        when: weekend
        priority: 2
        dwell: 1min
"""


def read(folder: Path, text: str, name: str = "round.yaml") -> tuple[dict[str, Tour], list[Mistake]]:
    (folder / name).write_text(text, "utf-8")
    return read_tours(folder, "tours")


def test_a_tour_is_read_as_it_is_written(tmp_path: Path) -> None:
    tours, mistakes = read(tmp_path, GOOD)
    assert mistakes == []
    tour = tours["round"]
    assert (tour.names["zh"], tour.audience, tour.minutes, tour.languages, tour.file, tour.seconds) == (
        "走一圈", "visitors", (5,), ("zh", "en"), "tours/round.yaml", 90.0,
    )  # fmt: skip
    power, fair = tour.steps
    assert power.path == (
        Pose("step", "14", 200.0, 21.0, 330.0, 23.0, 2.4, 3.0), Pose("opening", "", 18.0, 14.0, 440.0, 34.0),
    )  # fmt: skip
    assert (power.words.number, power.callouts[0].number) == (
        Figure("kpi", "energy.power"), Figure("channel", "energy.co2", "15"),
    )  # fmt: skip
    assert (power.moment.play_s, power.dwell_s, power.priority, fair.priority) == (15.0, 30.0, 1, 2)
    assert chapter_of(tour, "fair") == "first"
    assert plan_of(tour).stops == (Stop("power", "first", 30.0), Stop("fair", "first", 60.0))
    assert plan_of(tour).variants == {5: {"power", "fair"}}
    assert skips_now(tour, {"14"}, Facts()) == {"power": Skip("lost", "15"), "fair": Skip("condition")}
    assert words_now(power, Facts()).words.said("en").startswith("It draws")
    told = words_now(power, Facts(frozenset({"night"})))
    assert (told.instead, told.words.said("fr")) == (0, "At night")
    assert untold(tour.steps, Facts()) == {"fair"}
    assert untold(tour.steps, Facts(frozenset({"weekend"}))) == frozenset()
    assert lost(tour.steps, {"14", "15"}) == {}
    assert lost(tour.steps, {"14"}) == {"power": "15"}


WRONG = """
names: {zh: 走一圈}
colour: red
summary: {zh: 一圈, en: One round}
audience: everybody
minutes: [20, 5]
chapters:
  - id: first
    names: {zh: 第一章, en: Chapter one}
    steps:
      - id: Power
        text: {zh: "{kpi:energy.pwer}", en: x}
        camera: {of: "14", pitch: 45}
        channel: energy.pwer
        time: someday
        dwell: 2s
        when: nigth
        media: {file: ../secret.png, alt: {zh: 图, en: Picture}}
      - id: long
        text: {zh: 好, en: "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j"}
        callouts: [{of: a}, {of: b}, {of: c}, {of: d}]
      - id: long
        text: {zh: 好, en: Good}
        camera: [{move: 7s}]
      - id: slow
        text: {zh: 好, en: Good}
        camera: [{rest: 10s}, {of: "14"}]
        dwell: 12s
      - 5
  - id: second
    names: {zh: 第二章, en: Chapter two}
"""


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    tours, mistakes = read(tmp_path, WRONG)
    assert tours == {}
    step = "chapters[0].steps[0]"
    told = {(mistake.key, mistake.line) for mistake in mistakes}
    assert told >= {
        ("names", 2), ("colour", 3), ("audience", 5), ("minutes", 6), (f"{step}.id", 11), (f"{step}.text", 12),
        (f"{step}.camera[0]", 13), (f"{step}.channel", 14), (f"{step}.time", 15), (f"{step}.dwell", 16),
        (f"{step}.when", 17), (f"{step}.media.file", 18), ("chapters[0].steps[1].text", 20),
        ("chapters[0].steps[1].callouts", 21), ("chapters[0].steps[2].camera[0].move", 24),
        ("chapters[0].steps[3]", 25), ("chapters[0].steps[4]", 29), ("chapters[1].steps", 30),
    }  # fmt: skip
    text = "\n".join(map(str, mistakes))
    for said in (
        "the text in 'en' is missing", "did you mean 'energy.power'",
        "pitch 45 deg is not of a picture 'step': 20 to 22",
        "'someday' is no time", "did you mean 'night'", "leaves the campus folder", "36 words in 'en'",
        "under way for 19 s of a dwell of 12 s", "lengths rise",
    ):  # fmt: skip
        assert said in text


def test_the_same_id_and_a_tour_too_long_are_told(tmp_path: Path) -> None:
    _, (twice,) = read(tmp_path, GOOD.replace("id: fair", "id: power"))
    assert (twice.code, twice.line) == ("duplicate-key", 24)
    _, (long,) = read(tmp_path, GOOD.replace("dwell: 30s", "dwell: 5min").replace("[5]", "[4, 10]"))
    assert (long.code, long.line) == ("tour-too-long", 4)
    _, mistakes = read(tmp_path, GOOD, "The Round.yaml")
    assert "bad-name" in {mistake.code for mistake in mistakes}
    _, mistakes = read(tmp_path, "- 1", "The Round.yaml")
    assert "empty" in {mistake.code for mistake in mistakes}


RUSSIAN = """
names: Круг
summary: Один круг
chapters: {first: Глава первая}
steps:
  power: {text: "Сейчас {kpi:energy.power@14}.", otherwise: [{text: Ночью}], callouts: {"15": Карта}, alt: Рисунок}
  fair: {text: Выходной}
"""


def test_a_further_language_comes_by_file(tmp_path: Path) -> None:
    read(tmp_path, RUSSIAN, "round.ru.yaml")
    tours, mistakes = read(tmp_path, GOOD)
    assert mistakes == []
    tour = tours["round"]
    power = tour.steps[0]
    assert tour.languages == ("zh", "en", "ru")
    assert (tour.names["ru"], tour.chapters[0].names["ru"]) == ("Круг", "Глава первая")
    assert (power.words.said("ru"), power.otherwise[0].words.said("ru"), power.callouts[0].texts["ru"]) == (
        "Сейчас {kpi:energy.power@14}.", "Ночью", "Карта",
    )  # fmt: skip
    assert power.media is not None
    assert power.media.alt["ru"] == "Рисунок"
    _, (lacks,) = read(tmp_path, RUSSIAN.replace("  fair: {text: Выходной}\n", ""), "round.ru.yaml")
    assert (lacks.code, lacks.severity, lacks.line) == ("tour-untranslated", "warning", 6)
    tours, mistakes = read(tmp_path, RUSSIAN.replace("  fair:", "  fare:"), "round.ru.yaml")
    assert any("did you mean 'fair'" in mistake.message for mistake in mistakes)
    assert tours["round"].languages == ("zh", "en")
    read(tmp_path, RUSSIAN, "round.ru.yaml")
    _, mistakes = read(tmp_path, RUSSIAN, "rond.ru.yaml")
    assert any("did you mean 'round'" in mistake.message for mistake in mistakes)


def test_moments_are_of_the_campus_and_never_of_the_future() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 6, 17, 2, 0, tzinfo=UTC).timestamp()  # 10:00 on the campus

    def local(text: str) -> list[str]:
        spans = moment(text).resolve(now, zone)
        return [] if spans is None else [datetime.fromtimestamp(t, zone).strftime("%d %H:%M") for t in spans]

    assert local("live") == []
    assert local("yesterday 12:00") == ["16 12:00", "16 12:00"]
    assert local("today 12:00") == ["17 10:00", "17 10:00"]
    assert local("3 days ago 00:00 to 24:00") == ["14 00:00", "15 00:00"]
    assert local("yesterday 22:00 to today 06:00") == ["16 22:00", "17 06:00"]
    assert local("2026-06-01 08:00 to 10:00") == ["01 08:00", "01 10:00"]
    assert local("2026-06-01T08:00+00:00") == ["01 16:00", "01 16:00"]
    for wrong, said in (
        ("noon", "is no time"), ("yesterday 25:00", "24:00 at most"), ("yesterday 10:00 to 09:00", "before it begins"),
        ("500 days ago 10:00", "at most 400"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            moment(wrong)
    with pytest.raises(ValueError, match="not played"):
        moment("live", 10)


def test_flights_last_by_their_distance() -> None:
    assert (move_seconds(50), move_seconds(5000)) == (NEIGHBOURS_S, ACROSS_S)
    assert NEIGHBOURS_S < move_seconds(600) < ACROSS_S


def test_texts_are_filled_and_what_is_missing_is_said() -> None:
    text = "现在 {kpi:energy.power}，夜里 {kpi:energy.base_load}。"
    told = filled(text, lambda f: spoken(17_300 if f.key == "energy.power" else None, "kW"))
    assert told.text == "现在 约 17 兆瓦，夜里 暂无数据。"
    assert told.missing == (Figure("kpi", "energy.base_load"),)
    assert (length("共 1590000 平方米", "zh"), length("It is so.", "en")) == (5, 3)


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(8, 300)), min_size=1, max_size=30),
    st.integers(0, 3000), st.integers(0, 600),
)  # fmt: skip
def test_a_variant_fits_and_a_longer_one_holds_it(rows: list[tuple[int, int]], seconds: int, more: int) -> None:
    steps = [Step(f"s{n}", Words({}), (), dwell, priority) for n, (priority, dwell) in enumerate(rows)]
    told = chosen(steps, seconds)
    short = [step.id for step in told]
    assert sum(step.dwell_s for step in told) <= seconds
    assert set(short) <= {step.id for step in chosen(steps, seconds + more)}
    assert [step.id for step in steps if step.id in short] == short
    if left := [step.priority for step in steps if step.id not in short]:
        assert all(step.priority <= min(left) for step in told)
    else:
        assert len(told) == len(steps)


def test_the_campus_folder_has_them_and_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n", "utf-8")
    (tmp_path / "tours").mkdir()
    read(tmp_path / "tours", GOOD)
    config, (media,) = read_campus_config(tmp_path)
    assert config is not None
    assert list(config.tours) == ["round"]
    assert (
        str(media) == "tours/round.yaml:9: warning: step 'power': there is no file 'media/a.png' in the campus folder"
    )
    (tmp_path / "media").mkdir()
    (tmp_path / "media/a.png").write_bytes(b"<svg onload=alert(1)>")
    _, (media,) = read_campus_config(tmp_path)
    assert "no png file by its first bytes" in media.message
    (tmp_path / "media/a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert read_campus_config(tmp_path)[1] == []
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\ntours: trips\n", "utf-8")
    _, (none,) = read_campus_config(tmp_path)
    assert (none.code, none.line, none.key) == ("no-file", 2, "tours")


def test_six_tours_come_with_the_product() -> None:
    tours = default_tours()
    assert set(tours) == {"campus", "energy-day", "network", "classroom", "computing", "night-watch"}
    for tour in tours.values():
        assert {"zh", "en"} <= set(tour.languages)
        for minutes in tour.minutes:
            told = chosen(tour.steps, minutes * 60)
            assert {step.id for step in tour.steps if step.priority == 1} <= {step.id for step in told}
