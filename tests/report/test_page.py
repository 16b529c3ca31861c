import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.paper import load_table
from odw_harness.report.data import boards
from odw_harness.report.page import page
from odw_harness.results import read_outputs
from tests.judgecheck.test_page import card
from tests.made import QUESTIONS, noisy, who, write_run

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
SOME = (*QUESTIONS[:4], *QUESTIONS[-2:])


class Tables(HTMLParser):
    """The tables of a page by their ids: rows of cells, each the values and texts of one; and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, list[list[tuple[str | None, str]]]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._rows: list[list[tuple[str | None, str]]] | None = None
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "table":
            self._rows = self.tables.setdefault(given.get("id") or "", [])
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append((given.get("data-v"), ""))
            self._cell = True
        elif tag == "small" and self._cell and self._rows:
            self.handle_data("|")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        if self._cell and self._rows:
            value, text = self._rows[-1][-1]
            self._rows[-1][-1] = value, " ".join(f"{text} {data}".split())


def read(text: str) -> Tables:
    parser = Tables()
    parser.feed(text.replace(text[text.index("<script>") : text.index('<script type="application/json"')], ""))
    return parser


def rendered(folder: Path, *cards: Any) -> str:
    outputs = read_outputs([folder])
    return page(outputs, boards(outputs), cards)


def data_of(text: str) -> Any:
    return json.loads(text.split('id="report-data">')[1].split("</script>")[0])


def test_the_table_shows_figures_worked_out_by_hand(tmp_path: Path) -> None:
    scores = dict(zip((question.id for question in SOME), (6, 7, 8, 7, 5, 9), strict=True))
    write_run(tmp_path / "a", "first", lambda q: [[scores[q.id]]], questions=SOME)
    write_run(tmp_path / "b", "second", lambda q: [[scores[q.id] - 1]], questions=SOME)
    head, first, second = read(rendered(tmp_path)).tables["table-0"]
    names = [text for _, text in head]
    assert names[:6] == [
        "rank 名次",
        "system 系统",
        "Avg.4 Avg.4",
        "Avg.2 Avg.2",
        "Avg.6 Avg.6",
        "to the first 与第一名之差",
    ]
    assert [text.split(" ")[0] for _, text in first[:5]] == ["1", "first", "7.00", "7.00", "7.00"]
    # in19: sd of 6, 7, 8, 7 is 0.816497, t of 3 is 3.182446: 3.182446 · 0.816497 / 2 = 1.299229
    assert first[2][1] == "7.00 | 5.70 – 8.30"
    assert first[3][1] == "7.00 | 5.00 · 9.00", "two values, and no interval"
    # all: sd of 6, 7, 8, 7, 5, 9 is sqrt(2), t of 5 is 2.570582: 2.570582 · 1.414214 / sqrt(6) = 1.484126
    assert first[4][1] == "7.00 | 5.52 – 8.48"
    # 6 of 6 one way: 2 / 2^6 = 0.03125, one comparison
    assert second[5] == ("-1.0", "-1.00 lower 更低 | [-1.00, -1.00]")
    assert first[names.index("coverage 覆盖率")] == ("1.0", "1.00")
    length = sum(len(question.reference) for question in SOME) / len(SOME)
    assert first[-1] == (str(length), f"{length:.0f}")


def test_each_measure_has_a_table_of_its_own(tmp_path: Path) -> None:
    for number, (judge, score) in enumerate((("mild", 9.0), ("strict", 3.0))):
        write_run(
            tmp_path / judge,
            "a",
            lambda q, score=score: [[score]],
            judge=who(judge),
            questions=SOME,
            date=datetime(2026, 1, 1 + number, tzinfo=UTC),
        )
    text = rendered(tmp_path)
    found = read(text).tables
    assert [found[name][1][4][0] for name in ("table-0", "table-1")] == ["9.0", "3.0"]
    assert len(found["table-0"]) == len(found["table-1"]) == 2
    assert "odweval was judged in 2 ways" in text, "and a notice says so at the top"
    assert text.index("odweval was judged in 2 ways") < text.index('id="table-0"')


def test_the_papers_systems_stand_apart_and_say_that_the_questions_are_a_reconstruction(tmp_path: Path) -> None:
    write_run(tmp_path, "ChatGPT", lambda q: [[5.0]], questions=SOME)
    text = rendered(tmp_path)
    found = read(text).tables
    for number, table in enumerate(("human", "odweval", "alignbench"), 1):
        rows = load_table(table)  # type: ignore[arg-type]
        printed = [[text for _, text in cells] for cells in found[f"paper-{number}"][1:]]
        assert printed == [[row.system, str(row.avg19), str(row.avg2), str(row.avg21)] for row in rows]
    assert [cells[1][1] for cells in found["table-0"][1:]] == ["ChatGPT"]
    assert "those of this project are a reconstruction" in text
    assert "本项目的题目为重建" in text


def test_where_figures_are_from_stands_above_them(tmp_path: Path) -> None:
    leaks = {"flagged": ["ODW-03"], "checked": 21, "of": 21}
    file = write_run(
        tmp_path,
        "tuned",
        noisy(5, 1),
        questions=SOME,
        metadata={"training_data_leaks": leaks},
        model_args={"pretrained": "models/m", "peft": "saves/a"},
    )
    text = rendered(tmp_path)
    row = " ".join(cell for _, cell in read(text).tables["runs"][1])
    for told in (
        "tuned",
        "models/m",
        "saves/a",
        str(file),
        "0.4.13",
        "odweval v1",
        "judge-1",
        "max_gen_toks=2048",
        "2026-11-25",
    ):
        assert told in row
    assert text.index('id="runs"') < text.index('id="table-0"')
    assert text.index("was trained on data that overlaps with ODW-03") < text.index('id="table-0"')
    assert re.search(r'data-tip-en="tuned was trained on data[^>]*>\s*<span lang="en">training data leaks', text), (
        "and in its line"
    )


def test_the_report_card_is_shown_and_a_foreign_one_is_told_apart(tmp_path: Path) -> None:
    write_run(tmp_path, "a", noisy(5, 1), questions=SOME)
    assert "this page was made without" in rendered(tmp_path)
    own = who()
    del own["repeat"]
    mine, foreign = (card().model_copy(update={"provenance": given}) for given in (own, {**own, "model": "another"}))
    text = rendered(tmp_path, mine)
    assert '<b><span lang="en">Trust it.</span><span lang="zh">可信。</span></b>' in text
    assert "100.0%" in text[text.index("Trust it.") :]
    assert "graded nothing on this page" not in text
    assert "graded nothing on this page" in rendered(tmp_path, foreign)


@pytest.mark.parametrize("place", ["system", "model", "judge", "adapter"])
def test_hostile_names_are_escaped(tmp_path: Path, place: str) -> None:
    def tags(word: str) -> list[str]:
        folder = tmp_path / str(len(word))
        given = {"system": "s", "model": "m", "judge": "j", "adapter": "a", place: word}
        arguments = {"pretrained": given["model"], "peft": given["adapter"]}
        write_run(folder, given["system"], noisy(5, 1), questions=SOME, judge=who(given["judge"]), model_args=arguments)
        text = rendered(folder)
        assert HOSTILE not in text
        return [tag for tag, _ in read(text).tags]

    assert tags(HOSTILE) == tags("plain")


def test_nothing_is_loaded_from_outside(tmp_path: Path) -> None:
    write_run(tmp_path, "a", noisy(5, 1), questions=SOME)
    text = rendered(tmp_path)
    found = read(text).tags
    assert [tag for tag, _ in found if tag in ("link", "img", "iframe", "object", "embed", "base", "form")] == []
    assert [given for _, given in found if {"src", "srcset"} & set(given)] == []
    assert all((given["href"] or "").startswith("#") for tag, given in found if tag == "a")
    policy = next(given["content"] or "" for tag, given in found if tag == "meta" and "http-equiv" in given)
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_pictures_are_drawn_from_the_tables_figures(tmp_path: Path) -> None:
    for name, score in (("X", 5.0), ("X-LoRA", 6.0)):
        write_run(
            tmp_path / name, name, lambda q, score=score: [[score]], questions=SOME, model_args={"pretrained": "x"}
        )
    (board,) = data_of(rendered(tmp_path))["boards"]
    assert board["systems"] == ["X-LoRA", "X"]
    assert board["score"] == [[6.0] * 6, [5.0] * 6]
    assert board["all"] == [[6.0, 6.0, 6.0], [5.0, 5.0, 5.0]]
    assert [each["genre"] for each in board["questions"]][:2] == [["决议", "resolution"], ["决定", "decision"]]
    # mean, interval, p = 2 / 2^6, and how many questions in all, better, worse
    assert board["against"]["0"] == [None, [-1.0, -1.0, -1.0, 0.0312, 6, 0, 6]]
    assert board["against"]["1"] == [[1.0, 1.0, 1.0, 0.0312, 6, 6, 0], None]
    assert board["groups"] == [[["base", 1], ["LoRA", 0]]]


def test_fifteen_systems_under_two_rubrics_fit_a_mail(tmp_path: Path) -> None:
    for rubric in ("odweval", "alignbench"):
        for number in range(15):
            write_run(tmp_path / f"{rubric}{number}", f"system {number}", noisy(5, number), rubric=rubric)
    assert len(rendered(tmp_path).encode()) < 8_000_000


def test_the_command_writes_the_page_and_says_what_is_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "o", "a", noisy(5, 1), questions=SOME)
    (tmp_path / "o" / "results_2026-01-01T00-00-00.1.json").write_text("{", encoding="utf-8")
    out = tmp_path / "new" / "report.html"
    assert main(["report", str(tmp_path / "o"), "-o", str(out)]) == 0
    assert read(out.read_text(encoding="utf-8")).tables["table-0"][1][1][1] == "a"
    assert re.search(r"1 system, 1 measure, 1 run, 1 file left out: .*report.html, \d\.\d MB", capsys.readouterr().err)


def test_mistakes_end_in_one_line_and_leave_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(tmp_path / "o", "a", noisy(5, 1), questions=SOME)
    out, outputs = tmp_path / "r.html", str(tmp_path / "o")
    broken, foreign, partly = (tmp_path / name for name in ("broken.json", "foreign.json", "partly.json"))
    broken.write_text("{", encoding="utf-8")
    foreign.write_text('{"judge": "j"}', encoding="utf-8")
    partly.write_text(card().model_dump_json(), encoding="utf-8")  # whose provenance lacks fields
    results = next((tmp_path / "o").rglob("results_*.json"))
    before = results.read_bytes()
    for arguments, told in (
        ([str(tmp_path / "none")], "none: no such folder; name one that odw eval wrote to"),
        ([str(tmp_path / "o" / "empty")], "no such folder"),
        ([outputs, "-o", str(tmp_path)], "is a folder; name a file"),
        ([outputs, "-o", "/proc/nothing/r.html"], "can't be written"),
        ([outputs, "-o", str(results)], "is a file that this run reads"),
        ([outputs, "--card", str(broken)], "broken.json: is no JSON; give what odw judge-check --json FILE wrote"),
        ([outputs, "--card", str(foreign)], "foreign.json: field provenance: is missing"),
        ([outputs, "--card", str(partly)], "partly.json: field judge: is missing"),
        ([outputs, "--card", str(tmp_path / "no.json")], "no.json: can't be read: No such file"),
    ):
        given = arguments if "-o" in arguments else [*arguments, "-o", str(out)]
        assert main(["report", *given]) == 2, arguments
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("error: ")
        assert told in error
        assert not out.exists()
    assert results.read_bytes() == before
