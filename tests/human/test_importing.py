"""What graders send back: good marks are kept, wrong ones named by their place, changed files refused whole."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from odw_harness.cli import main
from odw_harness.errors import MarkError
from odw_harness.human.exporting import Exported, Plan, export
from odw_harness.human.form import FORMAT, VERSION
from odw_harness.human.importing import Imported, import_marks
from odw_harness.human.key import Key, read_key
from odw_harness.human.marks import Mark, of_answers, read_file, read_marks
from odw_harness.human.workbook import MARKING, read_workbook
from odw_harness.results import read_outputs
from tests.human.support import cell_of, fill, given_in, put, write_systems


class Grading:
    """A grading of 3 systems on 3 questions by two graders, who both mark all 9 answers."""

    def __init__(self, folder: Path, **more: Any):
        self.runs = write_systems(folder / "runs")
        self.out = folder / "grading"
        plan = {"folders": [str(self.runs)], "out": str(self.out), "graders": ("G01", "G02"), "overlap": 2}
        self.exported: Exported = export(Plan(**{**plan, **more}))
        self.key: Key = read_key(Path(self.exported.key))
        self.file = self.runs / f"human_{self.key.grading}.jsonl"

    def workbook(self, grader: str = "G01") -> Path:
        return self.out / "workbooks" / f"{grader}.xlsx"

    def codes(self, grader: str = "G01") -> list[str]:
        return next(list(each.answers) for each in self.key.graders if each.name == grader)

    def read(self, **more: Any) -> Imported:
        return import_marks(str(self.out), **more)

    def marks(self) -> dict[tuple[str, str], Mark]:
        return {(mark.grader, mark.code): mark for mark in read_file(self.file)}

    def form(self, items: list[dict[str, Any]], grader: str = "G01", name: str = "saved.json", **more: Any) -> Path:
        """A file as a grader's page saves it."""
        saved = {"format": FORMAT, "version": VERSION, "grading": self.key.grading, "grader": grader, "items": items}
        file = self.out / "returned" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({**saved, **more}), encoding="utf-8")
        return file

    def label_studio(self, scores: dict[str, float], name: str = "export.json") -> None:
        """The tasks with annotations, as Label Studio exports them."""
        tasks = json.loads((self.out / "label-studio" / "tasks.json").read_text("utf-8"))
        for number, task in enumerate(tasks, 1):
            score = scores.get(task["data"]["code"])
            result = [{"from_name": "score", "to_name": "answer", "type": "number", "value": {"number": score}}]
            annotated = [{"id": number, "completed_by": 1, "was_cancelled": False, "result": result}]
            task |= {"id": number, "annotations": annotated if score is not None else []}
        (self.out / name).write_text(json.dumps(tasks, ensure_ascii=False), encoding="utf-8")


@pytest.fixture
def grading(tmp_path: Path) -> Grading:
    return Grading(tmp_path)


def test_a_workbook_a_page_and_a_label_studio_export_all_become_marks(grading: Grading) -> None:
    first, second, third, *rest = grading.codes()
    fill(grading.workbook(), {first: 85, second: "７０．５"})
    grading.form([{"code": third, "score": 60, "comment": "缺附件"}, {"code": rest[0], "score": None}])
    grading.label_studio({grading.codes("G02")[0]: 40})
    imported = grading.read()
    assert imported.exit_code == 0
    assert not imported.skipped
    assert {each: mark.score for each, mark in grading.marks().items()} == {
        ("G01", first): 85, ("G01", second): 70.5, ("G01", third): 60, ("G02", grading.codes("G02")[0]): 40,
    }  # fmt: skip
    one, two = imported.graders
    assert (one.marks, one.asked, one.mean, one.missing) == (3, 9, (85 + 70.5 + 60) / 3, tuple(rest))
    assert (two.marks, two.missing) == (1, tuple(grading.codes("G02")[1:]))
    mark = grading.marks()["G01", third]
    coded = grading.key.graders[0].answers[third]
    assert (mark.question, mark.question_hash, mark.answer_hash) == (
        coded.question,
        coded.question_hash,
        coded.answer_hash,
    )
    assert mark.comment == "缺附件"
    assert mark.source == f"returned/saved.json: item {third}"
    assert grading.marks()["G01", first].source.startswith("workbooks/G01.xlsx: 评分!C")


def test_marks_find_their_answers_and_means_of_systems_are_those_of_the_key(grading: Grading) -> None:
    """Each system's answers get 50, 60 or 70 from both graders."""
    for grader in grading.key.graders:
        scores = {code: 50 + 10 * int(coded.systems[0][-1]) for code, coded in grader.answers.items()}
        fill(grading.workbook(grader.name), scores)
    imported = grading.read()
    assert [(each.system, each.marks, each.mean) for each in imported.systems] == [
        ("SECRET-2", 6, 70), ("SECRET-1", 6, 60), ("SECRET-0", 6, 50),
    ]  # fmt: skip
    marked = of_answers(read_marks([grading.runs]).table, read_outputs([grading.runs]).table)
    assert marked.groupby("system")["score"].agg(["size", "mean"]).to_numpy().tolist() == [[6, 50], [6, 60], [6, 70]]


def test_importing_again_gives_the_same_bytes_and_nothing_new(grading: Grading) -> None:
    fill(grading.workbook(), [80, 70, 60])
    assert (grading.read().new, grading.file.exists()) == (3, True)
    before = grading.file.read_bytes()
    written = grading.file.stat().st_mtime_ns
    again = grading.read()
    assert (again.new, again.changed, again.gone, again.marks) == (0, 0, 0, 3)
    assert (grading.file.read_bytes(), grading.file.stat().st_mtime_ns) == (before, written)
    fill(grading.workbook(), [81, 70])
    given = read_workbook(grading.workbook()).given
    put(grading.workbook(), {cell_of(given[2]): None, cell_of(given[3]): 10})
    now = grading.read()
    assert (now.new, now.changed, now.gone, now.marks) == (1, 1, 1, 3)


def test_nothing_filled_in_is_no_fault_and_writes_no_file(grading: Grading) -> None:
    imported = grading.read()
    assert (imported.exit_code, imported.marks) == (0, 0)
    assert not grading.file.exists()


def test_marks_of_graders_whose_files_are_not_there_now_stay(grading: Grading) -> None:
    fill(grading.workbook("G01"), [80, 70])
    fill(grading.workbook("G02"), [60])
    grading.read()
    later = grading.out.parent / "later"
    later.mkdir()
    grading.workbook("G02").rename(later / "王的.xlsx")
    fill(later / "王的.xlsx", [65])
    imported = import_marks(str(later), key=grading.exported.key)
    assert (imported.marks, imported.changed, imported.kept) == (3, 1, ("G01",))


def test_marks_that_come_in_parts_add_up(grading: Grading) -> None:
    first, second, third, *_ = grading.codes()
    grading.form([{"code": first, "score": 80}, {"code": second, "score": 70}])
    grading.read()
    grading.form([{"code": second, "score": None}, {"code": third, "score": 60}])
    imported = grading.read()
    assert {code: mark.score for (_, code), mark in grading.marks().items()} == {first: 80, third: 60}
    assert (imported.new, imported.gone, imported.kept) == (1, 1, ("G01",))


def test_half_of_a_character_in_a_comment_or_a_name_of_a_file_is_no_fault(grading: Grading) -> None:
    (code, *_) = grading.codes()
    file = grading.form([{"code": code, "score": 80, "comment": "好\ud83d"}])
    os.rename(file, bytes(file.parent) + b"/" + "王芳.json".encode("gbk"))
    imported = grading.read()
    assert (imported.marks, imported.exit_code) == (1, 0)
    (mark,) = grading.marks().values()
    assert (mark.comment, mark.source) == ("好?", f"returned/????.json: item {code}")
    assert "????.json" in imported.model_dump_json()


def test_what_is_wrong_costs_that_mark_alone_and_is_told_with_its_place(grading: Grading) -> None:
    given = read_workbook(grading.workbook()).given
    typed = [101, -1, "85%", "很好", 0.85, 100, 0]
    fill(grading.workbook(), typed)
    imported = grading.read()
    where = [f"workbooks/G01.xlsx: 评分!{cell_of(each)}" for each in given]
    assert sorted(imported.left_out) == sorted(
        [
            f"{where[0]}: score 101 is not within 0 to 100; left out: correct it",
            f"{where[1]}: score -1 is not within 0 to 100; left out: correct it",
            f"{where[2]}: '85%' is no number; type the mark alone, such as 85",
            f"{where[3]}: '很好' is no number; type the mark alone, such as 85",
            f"{where[4]}: score 0.85 may be a percentage; left out: type 85, or 0 or 1",
        ]
    )
    assert imported.exit_code == 1
    assert sorted(mark.score for mark in grading.marks().values()) == [0, 100]


def test_a_wrong_dimension_costs_that_dimension_alone(tmp_path: Path) -> None:
    grading = Grading(tmp_path, dimensions="odweval")
    first, second, third, *_ = read_workbook(grading.workbook()).given
    put(grading.workbook(), {cell_of(first): 80, cell_of(first, "D"): 8, cell_of(first, "E"): 11})
    put(grading.workbook(), {cell_of(second): 70, **{cell_of(second, column): 7 for column in "DEFGH"}})
    put(grading.workbook(), {cell_of(third, "D"): 5, cell_of(third, "I"): "无法评"})
    imported = grading.read()
    assert imported.left_out == (
        f"workbooks/G01.xlsx: 评分!{cell_of(first)}: completeness 11 is not within 1 to 10; left out: correct it",
        f"workbooks/G01.xlsx: 评分!{cell_of(third)}: {third.code} has marks for dimensions and no score; left out: give it one",
    )
    assert imported.remarks == (f"workbooks/G01.xlsx: 评分!{cell_of(third)}: 无法评",)
    marks = grading.marks()
    assert marks["G01", first.code].dimensions == {"form": 8}
    assert marks["G01", second.code].dimensions == dict.fromkeys(
        ["form", "completeness", "factual_consistency", "structure", "language"], 7
    )
    assert imported.graders[0].dimensions_missing == 4


def swap_codes(workbook: Path) -> list[str]:
    """Two answers' codes are exchanged; returns them."""
    book = load_workbook(workbook)
    page = book[MARKING]
    one, two, *_ = (given.code for given in read_workbook(workbook).given)
    for row in range(2, page.max_row + 1):
        cell = page.cell(row, 1)
        cell.value = {one: two, two: one}.get(cell.value, cell.value)
    book.save(workbook)
    return [one, two]


def test_codes_beside_other_answers_refuse_the_file_and_name_the_cells(grading: Grading) -> None:
    fill(grading.workbook("G01"), [80] * 9)
    fill(grading.workbook("G02"), [60])
    swapped = swap_codes(grading.workbook("G01"))
    places = given_in(grading.workbook("G01"))
    imported = grading.read()
    assert {mark.grader for mark in grading.marks().values()} == {"G02"}
    assert imported.exit_code == 1
    assert [line for line in imported.left_out if "stands beside another text" in line] == [
        f"workbooks/{places[code].where}: code {code!r} stands beside another text than it was given to (rows sorted, or"
        " edited); the file is refused: copy the marks into one as it was handed out"
        for code in reversed(swapped)
    ]


def change_code(workbook: Path, to: str) -> None:
    book = load_workbook(workbook)
    code = read_workbook(workbook).given[0].code
    for row in book[MARKING].iter_rows(max_col=1):
        if row[0].value == code:
            row[0].value = to
    book.save(workbook)


def test_an_unknown_code_a_second_one_and_another_graders_refuse_the_file(grading: Grading) -> None:
    fill(grading.workbook("G01"), [80] * 9)
    untouched = grading.workbook("G01").read_bytes()
    for to, told in (
        ("XXXXX", "code 'XXXXX' is not on G01's sheet"),
        (grading.codes("G02")[0], f"code '{grading.codes('G02')[0]}' is not on G01's sheet"),
        (grading.codes("G01")[4], f"code '{grading.codes('G01')[4]}' stands there a second time"),
        (grading.codes("G01")[0].lower(), "is not on G01's sheet"),
    ):
        grading.workbook("G01").write_bytes(untouched)
        change_code(grading.workbook("G01"), to)
        imported = grading.read()
        assert imported.marks == 0
        assert any(told in line for line in imported.left_out)


def test_an_edited_answer_and_a_deleted_row_refuse_the_file(grading: Grading) -> None:
    fill(grading.workbook("G01"), [80] * 9)
    untouched = grading.workbook("G01").read_bytes()
    first = int(cell_of(read_workbook(grading.workbook("G01")).given[0])[1:])
    for change in ("edit", "delete"):
        grading.workbook("G01").write_bytes(untouched)
        book = load_workbook(grading.workbook("G01"))
        page = book[MARKING]
        if change == "edit":
            page.cell(first - 1, 2).value += "。"
        else:
            for merged in list(page.merged_cells.ranges):
                page.unmerge_cells(str(merged))
            page.delete_rows(first - 1)
        book.save(grading.workbook("G01"))
        imported = grading.read()
        assert imported.marks == 0
        assert "stands beside another text" in imported.left_out[0]


def test_a_page_that_gives_back_another_answer_is_refused(grading: Grading) -> None:
    code = grading.codes()[0]
    grading.form([{"code": code, "score": 80, "answer": "别的答卷"}])
    (line,) = grading.read().left_out
    assert line.startswith(f"returned/saved.json: item {code}: code {code!r} stands beside another text")


def test_two_files_of_a_grader_that_differ_are_both_named(grading: Grading) -> None:
    first, second, third, *_ = grading.codes()
    fill(grading.workbook(), {first: 80, second: 70}, grading.out / "returned" / "one.xlsx")
    fill(grading.workbook(), {first: 85, second: 70, third: 60}, grading.out / "returned" / "two.xlsx")
    places = given_in(grading.workbook())
    imported = grading.read()
    cell = cell_of(places[first])
    assert imported.left_out == (
        f"score: returned/one.xlsx: 评分!{cell} has 80, returned/two.xlsx: 评分!{cell} has 85; left out: keep one of them",
    )
    assert {code: mark.score for (_, code), mark in grading.marks().items()} == {second: 70, third: 60}


def test_of_a_page_that_was_saved_again_the_last_change_of_each_answer_counts(grading: Grading) -> None:
    first, second, third, fourth, *_ = grading.codes()
    one, two = "2026-01-05T08:00:00.000Z", "2026-01-05T09:30:00.000Z"
    early = [(first, 80, one), (second, 70, one), (third, 60, two), (fourth, None, None)]
    late = [(first, 85, two), (second, None, two), (third, 65, one), (fourth, 50, two)]
    for name, items in (("g-G01.json", early), ("g-G01 (1).json", late)):
        rows = [{"code": code, "score": score, "comment": name, "marked_at": at} for code, score, at in items]
        grading.form(rows, name=name)
    imported = grading.read()
    assert imported.left_out == ()
    assert {code: mark.score for (_, code), mark in grading.marks().items()} == {first: 85, third: 60, fourth: 50}
    assert grading.marks()["G01", first].comment == "g-G01 (1).json"
    fill(grading.workbook(), {first: 90})
    (told,) = grading.read().left_out  # a workbook tells no time
    assert told.endswith("has 90; left out: keep one of them")


def test_foreign_files_are_skipped_and_what_may_hold_marks_is_named(grading: Grading) -> None:
    fill(grading.workbook(), [80])
    out = grading.out
    (out / "notes.docx").write_bytes(b"x")
    (out / "王芳.rar").write_bytes(b"x")
    (out / "other.json").write_text("{}", encoding="utf-8")
    (out / "~$G01.xlsx").write_bytes(b"lock")
    (out / ".DS_Store").write_bytes(b"x")
    book = load_workbook(grading.workbook())
    book[MARKING].title = "Sheet1"
    book.save(out / "foreign.xlsx")
    imported = grading.read()
    assert imported.exit_code == 0
    assert imported.skipped == (
        "foreign.xlsx: is no workbook of a grading",
        "notes.docx: is neither .xlsx nor .json",
        "other.json: neither a grader's page nor Label Studio saved it",
        "王芳.rar: is an archive; unpack it here and import again",
    )
    (out / "G02.et").write_bytes(b"x")
    (out / "G02.xlsx").write_bytes(b"cut off")
    (out / "G02.json").write_text("{", encoding="utf-8")
    imported = grading.read()
    assert imported.exit_code == 1
    assert [line.partition(":")[0] for line in imported.left_out] == ["G02.et", "G02.json", "G02.xlsx"]
    assert imported.left_out[0] == "G02.et: can't be read; save it as .xlsx"


def test_a_file_of_another_grading_or_of_nobody_is_named(grading: Grading) -> None:
    fill(grading.workbook(), [80])
    grading.form([], name="other.json", grading="g7654321")
    grading.form([], grader="<b>X", name="nobody.json")
    assert grading.read().left_out == (
        "returned/nobody.json: <b>X is no grader of this grading; there are G01, G02",
        f"returned/other.json: is of grading g7654321, not {grading.key.grading}; import it with its own key",
    )


def test_simulated_marks_are_carried_and_said_aloud(grading: Grading, capsys: pytest.CaptureFixture[str]) -> None:
    grading.form([{"code": code, "score": 70} for code in grading.codes()], simulated=True)
    fill(grading.workbook("G02"), [60])
    assert main(["human", "import", str(grading.out)]) == 0
    assert "! 9 of 10 marks are simulated: no person gave them." in capsys.readouterr().out
    assert {mark.grader: mark.simulated for mark in grading.marks().values()} == {"G01": True, "G02": False}


def test_marks_go_where_they_are_wanted(grading: Grading) -> None:
    fill(grading.workbook(), [80])
    elsewhere = grading.out.parent / "elsewhere"
    assert grading.read(out=str(elsewhere)).file == str(elsewhere / grading.file.name)
    assert not grading.file.exists()
    shutil.rmtree(grading.runs)
    with pytest.raises(
        MarkError, match="the runs were exported from there, and are there no more; name their folder with --out"
    ):
        grading.read()


def test_marks_that_were_damaged_are_not_written_over(grading: Grading) -> None:
    fill(grading.workbook(), [80])
    grading.file.write_text("{}\n", encoding="utf-8")
    with pytest.raises(
        MarkError, match=r"line 1: .*the marks of an earlier import: mend that line, or move the file away"
    ):
        grading.read()
    assert grading.file.read_text("utf-8") == "{}\n"


def test_where_nothing_can_be_read_the_command_says_why(grading: Grading, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(grading.out / "workbooks")
    shutil.rmtree(grading.out / "label-studio")
    assert main(["human", "import", str(grading.out)]) == 2
    assert f"holds no file of grading {grading.key.grading} that can be read" in capsys.readouterr().err
    assert main(["human", "import", str(grading.out / "none")]) == 2
    assert "no such folder" in capsys.readouterr().err
    Path(grading.exported.key).rename(grading.out.parent / "key.json")
    assert main(["human", "import", str(grading.out)]) == 2
    assert "no such key; name the one that odw human export wrote with --key" in capsys.readouterr().err


def test_the_command_tells_graders_systems_and_what_was_left_out(
    grading: Grading, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(grading.workbook(), [101, *[80] * 7])
    assert main(["human", "import", str(grading.out)]) == 1
    told = capsys.readouterr().out
    assert "score 101 is not within 0 to 100" in told
    assert f"G01         7   9  80.0  2: {grading.codes()[0]}, {grading.codes()[8]}" in told
    assert f"Marks in {grading.file}: 7 (7 new)." in told
    assert f"odw agree {grading.file.parent}" in told
    assert main(["human", "import", str(grading.out), "--json"]) == 1
    held = json.loads(capsys.readouterr().out)
    assert held["graders"][1]["missing"] == grading.codes("G02")


def test_a_file_with_many_faults_leaves_room_for_the_others(
    grading: Grading, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(grading.workbook("G01"), [101] * 9)
    fill(grading.workbook("G02"), [102])
    main(["human", "import", str(grading.out)])
    told = capsys.readouterr().out
    assert told.count("score 101") == 5
    assert "workbooks/G01.xlsx: 4 more; --json has them all" in told
    assert told.count("score 102") == 1
