"""The table of many runs; figures worked out by hand, and lm-eval's own means of a real run."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from odw_harness import results, runner
from odw_harness.errors import AnswerError
from odw_harness.notices import notices
from odw_harness.questions import Question
from odw_harness.results import by_question, by_system, read_outputs
from tests.made import QUESTIONS, Score, who, write_run

FOUR = [question for question in QUESTIONS if question.id in ("ODW-01", "ODW-02", "ODW-03", "ODW-20")]


def fixed(*scores: Score):  # type: ignore[no-untyped-def]
    """A score for each of FOUR in turn: one answer, judged once."""
    given = dict(zip((question.id for question in FOUR), scores, strict=True))
    return lambda question: [[given[question.id]]]


def test_means_of_a_real_run_are_lm_evals_own(
    copycat: str, served_judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    metadata = ["--metadata", f"judge={served_judge}", "--metadata", "repeats=2"]
    runner.run(["--model", copycat, "--model_args", "pretrained=here", "--tasks", "odw", "--limit", "2", *metadata])
    found = read_outputs(["outputs"])
    (file,) = Path("outputs").rglob("results_*.json")
    told = json.loads(file.read_text("utf-8"))["results"]
    assert found.skipped == []
    assert list(found.table["task"].unique()) == ["odw"]
    assert len(found.table) == 2 * 4 * 2, "two rubrics, two questions a split, two answers"
    rows = by_system(found.table).set_index("measure")
    assert [name.partition(" ")[0] for name in rows.index] == ["odweval", "alignbench"]
    for measure, row in rows.iterrows():
        rubric = str(measure).partition(" ")[0]
        for column, task, metric in (
            ("avg19", "odw_in19", "score"),
            ("avg2", "odw_ood2", "score"),
            ("avg21", "odw", "score"),
            ("rules", "odw", "rules"),
            ("fact_recall", "odw", "fact_recall"),
            ("coverage", "odw", "coverage"),
            *((metric, "odw", metric) for metric in results.DIMENSIONS if f"{metric},{rubric}" in told["odw"]),
        ):
            assert row[column] == pytest.approx(told[task][f"{metric},{rubric}"]), (rubric, column)


def test_means_go_from_verdicts_to_answers_to_questions_to_splits(tmp_path: Path) -> None:
    given = {"ODW-01": [[2, 4], [9]], "ODW-02": [[5], [None]], "ODW-03": [[None]], "ODW-20": [[8]]}
    write_run(tmp_path, "甲", lambda question: given[question.id], questions=FOUR)
    table = read_outputs([tmp_path]).table
    questions = by_question(table).set_index("question")
    assert questions["score"].to_dict() == pytest.approx(
        {"ODW-01": 6, "ODW-02": 5, "ODW-03": float("nan"), "ODW-20": 8}, nan_ok=True
    )
    assert questions["coverage"].to_dict() == {"ODW-01": 1, "ODW-02": 0.5, "ODW-03": 0, "ODW-20": 1}
    assert questions["answers"].to_dict() == {"ODW-01": 2, "ODW-02": 2, "ODW-03": 1, "ODW-20": 1}
    (row,) = by_system(table).to_dict("records")
    assert (row["avg19"], row["avg2"], row["questions"], row["scored"]) == (5.5, 8, 4, 3)
    assert row["avg21"] == pytest.approx((6 + 5 + 8) / 3)
    assert row["form"] == pytest.approx((6 + 5 + 8) / 3), "the dimensions are as the scores"
    assert row["coverage"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert (row["rules"], row["fact_recall"]) == (1, 1), "the answers are the references"


def test_the_newest_run_of_a_system_counts_unless_all_are_asked_for(tmp_path: Path) -> None:
    for day, score in ((3, 7.0), (1, 5.0), (2, 6.0)):
        date = datetime(2026, 11, day, 9, 30, tzinfo=UTC)
        write_run(tmp_path / str(day), "甲", fixed(score, score, score, score), questions=FOUR, date=date)
    found = read_outputs([tmp_path])
    assert by_system(found.table)[["system", "avg21"]].to_numpy().tolist() == [["甲", 7]]
    assert len(found.runs) == 1
    every = by_system(read_outputs([tmp_path], every_run=True).table)
    assert dict(zip(every["system"], every["avg21"], strict=True)) == {
        "甲 2026-11-01 09:30": 5,
        "甲 2026-11-02 09:30": 6,
        "甲 2026-11-03 09:30": 7,
    }


def test_a_copy_of_a_run_counts_once(tmp_path: Path) -> None:
    file = write_run(tmp_path / "a", "甲", lambda question: [[4, 6]], questions=FOUR)
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for every_run in (False, True):
        found = read_outputs([tmp_path], every_run)
        assert (len(found.runs), len(found.table)) == (1, 8)
        assert [(each.file.parent.parent.name, each.reason) for each in found.skipped] == [
            ("b", f"is a copy of {file}")
        ]


def test_two_runs_of_one_minute_are_told_apart(tmp_path: Path) -> None:
    for second, score in ((1, 5.0), (59, 7.0)):
        date = datetime(2026, 11, 1, 9, 30, second, tzinfo=UTC)
        write_run(tmp_path, "甲", fixed(score, score, score, score), questions=FOUR, date=date)
    every = by_system(read_outputs([tmp_path], every_run=True).table)
    assert dict(zip(every["system"], every["avg21"], strict=True)) == {
        "甲 2026-11-01 09:30:01.000000": 5,
        "甲 2026-11-01 09:30:59.000000": 7,
    }


def test_questions_that_only_an_older_run_answered_are_told_of(tmp_path: Path) -> None:
    for hour, asked in ((9, FOUR[:3]), (10, FOUR[3:]), (8, FOUR[2:])):
        date = datetime(2026, 11, 25, hour, tzinfo=UTC)
        write_run(tmp_path / str(hour), "甲", fixed(5, 6, 7, 8), questions=asked, date=date)
    found = read_outputs([tmp_path])
    assert list(found.table["question"]) == ["ODW-20"]
    (notice,) = notices(found)
    assert (notice.kind, notice.systems) == ("incomplete", ("甲",))
    assert notice.en.startswith("甲: its newest run has 1 of the 4 questions that its runs answered; the others")
    assert notices(read_outputs([tmp_path / "9"])) == []
    assert read_outputs([tmp_path], every_run=True).partial == []


def test_a_mean_of_two_questions_has_no_interval(tmp_path: Path) -> None:
    for number in (2, 3, 4):
        write_run(tmp_path / str(number), f"of {number}", fixed(5, 7, 6, 8), questions=FOUR[:number])
    rows = by_system(read_outputs([tmp_path]).table).set_index("system")
    assert rows["avg21"].to_dict() == {"of 2": 6, "of 3": 6, "of 4": 6.5}
    assert rows["low"].isna().to_dict() == {"of 2": True, "of 3": False, "of 4": False}
    # sd of 5, 7, 6, 8 is 1.290994, t of 3 is 3.182446: 3.182446 · 1.290994 / 2
    assert rows.loc["of 4", "high"] == pytest.approx(6.5 + 2.054260, abs=1e-5)


@pytest.mark.parametrize(
    "other",
    [
        who("judge-2"),
        who(version="2"),
        who(settings={"temperature": 0.7}),
        who(model="judge-1-new"),
        who(prompt_hash="q"),
        who(rubric="reference_likelihood"),
    ],
)
def test_other_judges_versions_and_settings_never_share_a_column(tmp_path: Path, other: dict[str, object]) -> None:
    write_run(tmp_path / "a", "甲", fixed(5, 5, 5, 5), questions=FOUR)
    write_run(tmp_path / "b", "甲", fixed(9, 9, 9, 9), questions=FOUR, judge=other)
    found = read_outputs([tmp_path])
    rows = by_system(found.table)
    assert sorted(rows["avg21"]) == [5, 9]
    assert rows["measure"].nunique() == 2
    assert [notice.kind for notice in notices(found)] == ["judges"]


def test_only_the_repeat_may_differ_within_a_measure(tmp_path: Path) -> None:
    write_run(tmp_path, "甲", lambda question: [[4, 6]], questions=FOUR)
    table = read_outputs([tmp_path]).table
    assert table["measure"].nunique() == 1
    assert sorted(table["judge_repeat"].unique()) == [0, 1]


def test_a_broken_or_foreign_file_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    write_run(tmp_path / "good", "甲", fixed(5, 5, 5, 5), questions=FOUR)
    stamp = "2026-11-25T10-00-00.000000"
    for name, text in (
        ("cut", '{"results": {'),
        ("foreign", json.dumps({"configs": {"hellaswag": {}}})),
        ("no_lm_eval", "[1]"),
        ("no_samples", json.dumps({"configs": {"odweval_in19": {}}})),
        ("nested", "[" * 100_000),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"results_{stamp}.json").write_text(text)
    for name, change in (
        ("no_date", lambda held: held.pop("date")),
        ("odd_metadata", lambda held: held["configs"]["odweval_in19"].update(metadata=[1])),
    ):
        file = write_run(tmp_path / name, "乙", fixed(5, 5, 5, 5), questions=FOUR)
        held = json.loads(file.read_text("utf-8"))
        change(held)
        file.write_text(json.dumps(held))
    for name, line in (
        ("predicted", {"doc": {}, "filtered_resps": ["一份文件"], "resps": [["一份文件"]], "filter": "x"}),
        ("torn", "{"),
    ):
        file = write_run(tmp_path / name, "丙", fixed(5, 5, 5, 5), questions=FOUR)
        (file.with_name(f"samples_odweval_ood2_{stamp}.jsonl")).write_text(
            json.dumps(line) if isinstance(line, dict) else line
        )
    (tmp_path / "results_of_mine.json").write_text("{}")
    found = read_outputs([tmp_path])
    assert list(found.table["system"].unique()) == ["甲"]
    told = {each.file.relative_to(tmp_path).parts[0]: each.reason for each in found.skipped}
    assert told["foreign"] == "has no task of ours, only hellaswag"
    assert told["no_lm_eval"] == "is no results file of lm-eval"
    assert told["no_samples"].endswith("run with --log_samples")
    assert told["predicted"].endswith("line 1: is no row of a graded run; run without --predict_only")
    assert "line 1: not JSON" in told["torn"]
    assert "can't be read" in told["cut"]
    assert set(told) == {
        "cut",
        "foreign",
        "no_lm_eval",
        "no_samples",
        "nested",
        "no_date",
        "odd_metadata",
        "predicted",
        "torn",
    }
    assert [notice.kind for notice in notices(found)] == ["skipped"]


def test_nothing_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AnswerError, match="no such folder; name one that odw eval wrote to"):
        read_outputs([tmp_path / "none"])
    with pytest.raises(AnswerError, match="holds no graded run of ours; run odw eval or odw bench first"):
        read_outputs([tmp_path])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"pretrained": "/models/Qwen3-8B"}, "Qwen3-8B"),
        ({"pretrained": "/models/Qwen3-8B", "peft": "saves/qwen3/checkpoint-90"}, "Qwen3-8B + qwen3/checkpoint-90"),
        ({"model": "gpt-x", "base_url": "http://127.0.0.1/v1"}, "gpt-x"),
    ],
)
def test_a_system_that_nobody_named_is_called_by_model_and_adapter(
    tmp_path: Path, arguments: dict[str, str], name: str
) -> None:
    write_run(tmp_path, None, fixed(5, 5, 5, 5), questions=FOUR, model_args=arguments)
    assert list(read_outputs([tmp_path]).table["system"].unique()) == [name]


def test_two_models_of_one_name_do_not_hide_each_other(tmp_path: Path) -> None:
    for folder, place in (("one", "/a"), ("two", "/b")):
        write_run(
            tmp_path / folder, None, fixed(5, 5, 5, 5), questions=FOUR, model_args={"pretrained": f"{place}/Qwen3"}
        )
    assert sorted(read_outputs([tmp_path]).table["system"].unique()) == ["Qwen3 (one)", "Qwen3 (two)"]


def test_what_a_reader_must_know_is_told(tmp_path: Path) -> None:
    leaks = {"flagged": ["ODW-02"], "checked": 4, "of": 4}
    metadata = {"training_data_leaks": leaks, "judge_of_the_same_family": ["Qwen"]}
    write_run(tmp_path / "a", "甲", fixed(5, 5, None, 5), questions=FOUR, metadata=metadata)
    write_run(tmp_path / "b", "乙", fixed(5, 5, 5, 5), questions=FOUR[:2])
    changed = [FOUR[0].model_copy(update={"prompt": "另一题"}), *FOUR[1:]]
    write_run(tmp_path / "c", "丙", fixed(5, 5, 5, 5), questions=changed)
    found = notices(read_outputs([tmp_path]))
    assert [notice.kind for notice in found] == ["questions", "incomplete", "leaks", "family", "coverage"]
    told = {notice.kind: notice for notice in found}
    assert told["questions"].en.startswith("ODW-01: not every system was asked the same")
    assert told["incomplete"].systems == ("乙",)
    assert "2 of 4 questions" in told["incomplete"].en
    assert "甲 was trained on data that overlaps with ODW-02" in told["leaks"].en
    assert "one family (Qwen)" in told["family"].en
    assert "甲：只有 75% 的评判给出了分数" in told["coverage"].zh


def test_systems_that_answered_other_questions_are_told_of(tmp_path: Path) -> None:
    write_run(tmp_path / "a", "甲", fixed(5, 5, 5, 5), questions=FOUR[:2])
    write_run(tmp_path / "b", "乙", fixed(5, 5, 5, 5), questions=FOUR[2:])
    found = notices(read_outputs([tmp_path]))
    assert [(notice.kind, notice.systems) for notice in found] == [("incomplete", ("乙",)), ("incomplete", ("甲",))]
    assert "answered 2 of 4 questions" in found[0].en


def test_a_name_can_not_turn_a_notice_around_or_drive_a_terminal(tmp_path: Path) -> None:
    write_run(tmp_path, "\u202e\x1b[2J" + "长" * 500, fixed(5, None, None, 5), questions=FOUR)
    (notice,) = notices(read_outputs([tmp_path]))
    assert notice.en.startswith("��[2J" + "长" * 55 + "…: only 50% of its verdicts have a score")
    assert notice.zh.startswith("��[2J" + "长" * 55 + "…：只有 50%")


def test_answers_come_with_what_was_found_in_them(tmp_path: Path) -> None:
    def text(question: Question) -> str:
        return f"关于{question.id}的通知"

    write_run(tmp_path, "甲", fixed(5, None, 5, 5), questions=FOUR, text=text)
    (run,) = read_outputs([tmp_path]).runs
    answers = list(run.answers("odweval"))
    assert [answer.question["id"] for answer in answers] == ["ODW-01", "ODW-02", "ODW-03", "ODW-20"]
    assert answers[1].text == "关于ODW-02的通知"
    assert answers[1].record["verdicts"][0]["unscored"] == "no scores in the reply"
    assert list(run.answers("alignbench")) == []
    shutil.rmtree(tmp_path)
