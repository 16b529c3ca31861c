import base64
import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from odw_harness.report.samples import LONGEST, embedded
from odw_harness.results import read_outputs
from tests.made import QUESTIONS, noisy, who, write_run

NOTICE = next(question for question in QUESTIONS if question.id == "ODW-08")
NEWS = next(question for question in QUESTIONS if question.id == "ODW-20")


def unpacked(folder: Path, **how: Any) -> dict[str, Any]:
    packed = embedded(read_outputs([folder], **how))
    read: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(packed)))
    return read


def edit(results: Path, change: Callable[[dict[str, Any]], None], text: str | None = None) -> None:
    """Change every answer's record, and text, in the samples beside a results file."""
    for file in results.parent.glob("samples_*.jsonl"):
        rows = [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]
        for row in rows:
            held = json.loads(row["filtered_resps"][0])
            for record in held["answers"]:
                change(record)
            row["filtered_resps"] = [json.dumps(held)]
            row["resps"] = row["resps"] if text is None else [[text]]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def test_every_answer_of_every_system_is_there_in_order(tmp_path: Path) -> None:
    for system in ("b", "A"):
        write_run(tmp_path / system, system, lambda _: [[7], [8]])
    data = unpacked(tmp_path)
    assert data["systems"] == ["A", "b"]
    assert [each["id"] for each in data["questions"]] == [question.id for question in QUESTIONS]
    order = [(each["question"], each["system"], each["repeat"]) for each in data["answers"]]
    assert order == [(question, system, repeat) for question in range(21) for system in (0, 1) for repeat in (0, 1)]


def test_an_answer_carries_its_document_findings_and_verdict(tmp_path: Path) -> None:
    text = NOTICE.reference.replace("〔2024〕18号", "[2024]18号").replace("486所", "480所")
    write_run(tmp_path, "s", lambda _: [[7.5, None]], text=lambda _: text, questions=[NOTICE])
    data = unpacked(tmp_path)
    (answer,) = data["answers"]
    assert answer["text"] == text
    assert len(answer["parts"]) == len(text.split("\n"))
    assert (answer["characters"], answer["thoughts"]) == (len(text), 0)
    failed = {data["kinds"][kind][0]: (data["kinds"][kind][1], line) for kind, line, *_ in answer["failed"]}
    assert failed["doc_number_form"] == ("hard", 1)
    assert failed["unsourced_figures"][0] == "soft"
    assert answer["missing"] == ["486所"]
    assert answer["rules"] == pytest.approx(len(answer["passed"]) / (len(answer["passed"]) + len(failed)))
    scored, unscored = answer["verdicts"]
    assert (scored["score"], scored["unscored"], scored["rationale"][:4]) == (7.5, None, "要素齐全")
    assert scored["dimensions"][0] == ["文种与格式规范", 7.5]
    assert (unscored["score"], unscored["unscored"], unscored["repeat"]) == (None, "no scores in the reply", 1)
    assert data["questions"][0]["reference"]["text"] == NOTICE.reference


def test_lines_are_those_of_the_document_without_its_thoughts(tmp_path: Path) -> None:
    text = "<think>\n想\n</think>\n\n" + NOTICE.reference
    write_run(tmp_path, "s", lambda _: [[7]], text=lambda _: text, questions=[NOTICE])
    (answer,) = unpacked(tmp_path)["answers"]
    assert answer["text"] == NOTICE.reference
    assert answer["thoughts"] == len("<think>\n想\n</think>\n\n")


def test_one_answer_under_two_judges_is_one_sample_with_both_verdicts(tmp_path: Path) -> None:
    for day, name in ((1, "first"), (2, "second")):
        write_run(
            tmp_path / name,
            "s",
            lambda _: [[6]],
            judge=who(name),
            date=datetime(2026, 11, day, tzinfo=UTC),
            questions=[NOTICE],
        )
    data = unpacked(tmp_path)
    (answer,) = data["answers"]
    assert [data["measures"][each["measure"]].split()[3] for each in answer["verdicts"]] == ["second", "first"]
    told = {name.split()[3]: name for name in data["measures"]}
    packed = embedded(read_outputs([tmp_path]), None, [told["first"], told["second"]])
    again = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert again["measures"] == [told["first"], told["second"]], "in the order of the page's boards"
    verdicts = again["answers"][0]["verdicts"]
    assert [again["measures"][each["measure"]].split()[3] for each in verdicts] == ["second", "first"]


def test_other_texts_under_one_name_are_told_apart_the_newest_first(tmp_path: Path) -> None:
    for day, name in ((1, "first"), (2, "second")):
        write_run(
            tmp_path / name,
            "s",
            lambda _: [[6]],
            judge=who(name),
            text=lambda question, name=name: name + question.reference,  # type: ignore[misc]
            date=datetime(2026, 11, day, tzinfo=UTC),
            questions=[NOTICE],
        )
    answers = unpacked(tmp_path)["answers"]
    assert [(each["copy"], each["text"][:5]) for each in answers] == [(1, "secon"), (2, "first")]


def test_an_older_run_is_left_out_as_in_the_table_unless_every_run_is_asked_for(tmp_path: Path) -> None:
    for day in (1, 2):
        write_run(
            tmp_path / str(day), "s", noisy(day + 5, 0), date=datetime(2026, 11, day, tzinfo=UTC), questions=[NEWS]
        )
    assert len(unpacked(tmp_path)["answers"]) == 1
    assert unpacked(tmp_path, every_run=True)["systems"] == ["s 2026-11-01 00:00", "s 2026-11-02 00:00"]


def test_what_is_too_long_is_cut_and_says_so(tmp_path: Path) -> None:
    results = write_run(tmp_path, "s", lambda _: [[2]], text=lambda _: "公" * (LONGEST + 9), questions=[NOTICE])
    edit(results, lambda record: record["verdicts"][0].update(rationale="理" * (LONGEST + 1)))
    (answer,) = unpacked(tmp_path)["answers"]
    assert (len(answer["text"]), answer["characters"], answer["parts"]) == (LONGEST, LONGEST + 9, "x")
    assert answer["file"] == str(results)
    assert (len(answer["verdicts"][0]["rationale"]), answer["verdicts"][0]["cut"]) == (LONGEST, True)


def test_nothing_that_a_run_holds_breaks_the_json(tmp_path: Path) -> None:
    """Half a surrogate pair, NaN, findings of another shape: the page's reader takes strict JSON in UTF-8."""
    results = write_run(tmp_path, "s", lambda _: [[7]], questions=[NOTICE])

    def spoil(record: dict[str, Any]) -> None:
        record.update(rules=float("nan"), fact_recall=float("inf"), findings=["x", {"check": 3, "line": "1"}])
        record["verdicts"][0].update(rationale="\udcff", dimensions={"form": float("nan")})

    edit(results, spoil, text="\ud83d\0</script>")
    data = unpacked(tmp_path)
    (answer,) = data["answers"]
    assert answer["text"] == "?\0</script>"
    assert (answer["rules"], answer["facts"], answer["verdicts"][0]["dimensions"]) == (None, None, [["form", None]])
    assert answer["failed"] == [[0, None, "", ""]]
    assert data["kinds"] == [["3", "soft", "", ""]]


def test_no_text_can_end_the_element_it_stands_in(tmp_path: Path) -> None:
    write_run(tmp_path, "s", lambda _: [[7]], text=lambda _: "</script><b>", questions=[NOTICE])
    packed = embedded(read_outputs([tmp_path]))
    assert not set(packed) & set("<>&\"'")


def test_the_same_runs_give_the_same_text(tmp_path: Path) -> None:
    write_run(tmp_path, "s", noisy(7, 0))
    assert embedded(read_outputs([tmp_path])) == embedded(read_outputs([tmp_path]))


def test_fifteen_systems_stay_far_below_the_pages_limit(tmp_path: Path) -> None:
    """Answers that share nothing with one another: the worst that the packing can meet. The page may have 8 MB."""
    import random

    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 2500)]  # as many as common Chinese has
    for number in range(15):
        drawn = random.Random(number)
        write_run(
            tmp_path / str(number),
            f"s{number}",
            lambda _: [[7]],
            text=lambda _, drawn=drawn: "".join(drawn.choices(letters, k=1000)),  # type: ignore[misc]
            questions=[NOTICE],
        )
    assert 21 * len(embedded(read_outputs([tmp_path]))) < 2_000_000
