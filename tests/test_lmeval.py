"""Real lm-eval runs, in this process, with the copycat model both writing and judging."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

from odw_harness import lmeval
from odw_harness.errors import OdwError
from odw_harness.lmeval import RunStopped, mean_of_present, question_metrics
from odw_harness.questions import COMPLETION_CUE, OUTPUT_CONTRACT, load_questions
from odw_harness.resources import QUESTIONS, TASKS
from tests.judge.server import JudgeServer, grades, says

OURS = {question.id: question for question in load_questions(QUESTIONS)}


@pytest.fixture
def evaluate(copycat: str, copycat_judge: Path) -> Any:
    """simple_evaluate over our tasks; answers says what the model writes to which question."""
    from lm_eval.api.registry import get_model

    def run(
        tasks: Any = ("odweval",), answers: dict[str, str] | None = None, metadata: Any = None, **options: Any
    ) -> Any:
        get_model("copycat").answers = answers or {}
        metadata = {"judge": str(copycat_judge), **(metadata or {})}
        manager = TaskManager(include_path=TASKS, include_defaults=False, metadata=metadata)
        return simple_evaluate(
            model="copycat", tasks=list(tasks), task_manager=manager, bootstrap_iters=10, log_samples=True, **options
        )

    return run


def questions_file(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(path)


def own(number: int, split: str = "in19", **more: Any) -> dict[str, Any]:
    return {
        "id": f"T-{number}",
        "split": split,
        "genre": "工作总结",
        "prompt": "写",
        "reference": "甲乙丙丁戊己庚辛壬癸",
        **more,
    }


def answers_of(sample: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(sample["filtered_resps"][0])["answers"]


def test_the_references_themselves_get_8_full_recall_and_every_rule(evaluate: Any) -> None:
    results = evaluate(answers={number: question.reference for number, question in OURS.items()})
    for name in ("odweval", "odweval_in19", "odweval_ood2"):
        metrics = results["results"][name]
        assert metrics["score,odweval"] == pytest.approx(8.0)
        assert metrics["rules,odweval"] == 1.0
        assert metrics["fact_recall,odweval"] == 1.0
        assert metrics["coverage,odweval"] == 1.0
    assert results["n-samples"]["odweval_in19"] == {"original": 19, "effective": 19}
    assert results["n-samples"]["odweval_ood2"] == {"original": 2, "effective": 2}


def test_the_group_is_the_mean_over_all_questions(evaluate: Any, tmp_path: Path) -> None:
    # Copycat: k of the reference's ten characters score 1 + 7 k / 10.
    rows = [own(1), own(2), own(3), own(4, "ood2")]
    answers = {"T-1": "甲乙丙丁戊己庚辛壬癸", "T-2": "你好", "T-3": "甲乙丙丁戊", "T-4": "甲乙"}
    results = evaluate(answers=answers, metadata={"questions": questions_file(tmp_path / "q.jsonl", *rows)})["results"]
    assert results["odweval_in19"]["score,odweval"] == pytest.approx((8 + 1 + 4.5) / 3)
    assert results["odweval_ood2"]["score,odweval"] == pytest.approx(2.4)
    assert results["odweval"]["score,odweval"] == pytest.approx((8 + 1 + 4.5 + 2.4) / 4)
    assert "fact_recall,odweval" not in results["odweval_in19"]


def test_an_unscored_answer_is_left_out_of_the_mean_and_counted(evaluate: Any, tmp_path: Path) -> None:
    rows = [own(1), own(2, prompt="甲乙丙丁戊己庚辛壬癸"), own(3, "ood2")]  # to T-2 the reference adds nothing
    answers = {"T-1": "甲乙丙丁戊", "T-2": "甲", "T-3": "甲乙"}
    results = evaluate(answers=answers, metadata={"questions": questions_file(tmp_path / "q.jsonl", *rows)})
    assert results["results"]["odweval_in19"]["score,odweval"] == pytest.approx(4.5)
    assert results["results"]["odweval_in19"]["coverage,odweval"] == 0.5
    sample = next(sample for sample in results["samples"]["odweval_in19"] if sample["doc"]["id"] == "T-2")
    assert "score" not in sample
    (answer,) = answers_of(sample)
    assert answer["score"] is None
    assert answer["verdicts"][0]["unscored"].startswith("the model does not tell")


def test_a_sample_holds_the_whole_verdict_and_every_finding(evaluate: Any) -> None:
    results = evaluate(tasks=["odweval_in19"], answers={"ODW-08": "# 通知\n各单位：\n请于03月05日前报送。"}, limit=8)
    sample = results["samples"]["odweval_in19"][7]
    (answer,) = answers_of(sample)
    assert answer["verdicts"][0]["provenance"]["judge"] == "copycat"
    assert answer["verdicts"][0]["provenance"]["rubric"] == "reference_likelihood"
    assert {"title", "recipient", "date", "signature"} <= {f["check"] for f in answer["findings"] if not f["ok"]}
    assert "486所" in answer["missing_facts"]
    assert answer["rules"] == sample["rules"]
    json.dumps(results["samples"], ensure_ascii=False, allow_nan=False)


def test_a_plain_prompt_ends_for_a_base_model_and_a_chat_prompt_does_not(evaluate: Any) -> None:
    plain = evaluate(tasks=["odweval_ood2"], limit=1)["samples"]["odweval_ood2"][0]["arguments"][0]
    request = f"{OURS['ODW-20'].prompt}\n\n{OUTPUT_CONTRACT}"
    assert plain[0] == request + COMPLETION_CUE
    chat = evaluate(tasks=["odweval_ood2"], limit=1, apply_chat_template=True)["samples"]["odweval_ood2"][0][
        "arguments"
    ][0]
    assert chat[0] == f"<user>{request}"
    assert plain[1] == {"until": ["<|endoftext|>"], "max_gen_toks": 3072, "do_sample": False}


def test_predict_only_asks_no_judge_and_needs_none(evaluate: Any) -> None:
    results = evaluate(
        tasks=["odweval_ood2"], predict_only=True, metadata={"judge": "nobody"}, answers={"ODW-20": "消息"}
    )
    assert results["samples"]["odweval_ood2"][0]["resps"] == [["消息"]]
    assert "score,odweval" not in results["results"]["odweval_ood2"]
    assert lmeval.open_store().counts()["answers"] == 2


def test_samples_picks_questions(evaluate: Any) -> None:
    results = evaluate(tasks=["odweval_in19"], samples={"odweval_in19": [2, 7]})
    assert [sample["doc"]["id"] for sample in results["samples"]["odweval_in19"]] == ["ODW-03", "ODW-08"]


def test_repeats_are_judged_apart_and_averaged_within_the_question(evaluate: Any, tmp_path: Path) -> None:
    path = questions_file(tmp_path / "q.jsonl", own(1), own(2, "ood2"))
    results = evaluate(answers={"T-1": "甲乙丙丁戊"}, metadata={"questions": path, "repeats": 3})
    sample = results["samples"]["odweval_in19"][0]
    assert [answer["repeat"] for answer in answers_of(sample)] == [0, 1, 2]
    assert sample["score"] == pytest.approx(4.5)
    assert results["n-samples"]["odweval_in19"]["effective"] == 1
    assert lmeval.open_store().counts()["answers"] == 6


def test_a_file_with_one_split_only_works_under_the_group(evaluate: Any, tmp_path: Path) -> None:
    path = questions_file(tmp_path / "q.jsonl", own(1), own(2))
    results = evaluate(answers={"T-1": "甲乙丙丁戊", "T-2": "甲乙丙丁戊"}, metadata={"questions": path})["results"]
    assert results["odweval"]["score,odweval"] == pytest.approx(4.5)
    assert "score,odweval" not in results["odweval_ood2"]


def test_a_second_run_computes_nothing(evaluate: Any) -> None:
    from lm_eval.api.registry import get_model

    model = get_model("copycat")
    first = evaluate(tasks=["odweval_ood2"])
    before = model.calls
    second = evaluate(tasks=["odweval_ood2"])
    assert model.calls == before
    assert second["results"] == first["results"]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"judge": "nobody"}, "error: judge nobody: no such judge"),
        ({"questions": "/no/such.jsonl"}, "error: /no/such.jsonl: no such questions file"),
        ({"repeats": 0}, "error: --metadata repeats=0: must be a whole number"),
        ({"repeats": "two"}, "error: --metadata repeats=two: must be a whole number"),
    ],
)
def test_a_mistake_ends_the_run_with_one_line_before_the_model_writes(
    evaluate: Any, metadata: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunStopped) as caught:
        evaluate(metadata=metadata)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, OdwError)
    assert isinstance(caught.value, SystemExit)
    assert lmeval.open_store().counts()["answers"] == 0


def test_more_processes_than_questions_are_refused_before_the_model_writes(evaluate: Any) -> None:
    manager = TaskManager(include_path=TASKS, include_defaults=False)
    task = manager.load(["odweval_ood2"])["tasks"]["odweval_ood2"]
    with pytest.raises(RunStopped, match="2 questions, fewer than the 3 processes"):
        task.build_all_requests(rank=0, world_size=3)


def test_a_store_that_fails_after_the_answers_costs_no_results(evaluate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any) -> None:
        raise lmeval.StoreError("s.sqlite: the store can't be used: database or disk is full")

    monkeypatch.setattr(lmeval.Store, "save_verdict", full)
    monkeypatch.setattr(lmeval.Store, "save_answer", full)
    results = evaluate(tasks=["odweval_ood2"], answers={"ODW-20": "消息"})
    assert results["results"]["odweval_ood2"]["coverage,odweval"] == 0
    assert "disk is full" in answers_of(results["samples"]["odweval_ood2"][0])[0]["verdicts"][0]["unscored"]
    assert results["samples"]["odweval_ood2"][0]["resps"] == [["消息"]]


def record(score: float | None, rules: float = 0.5, fact_recall: float | None = None, **marks: float) -> dict[str, Any]:
    scored = score is not None
    return {
        "score": score,
        "dimensions": marks,
        "rules": rules,
        "fact_recall": fact_recall,
        "coverage": float(scored),
        "spread": None,
    }


def metrics(*answers: dict[str, Any], absent_as_null: Sequence[str] = ()) -> dict[str, Any]:
    return question_metrics({}, [json.dumps({"answers": answers, "absent_as_null": absent_as_null})])


def test_the_metrics_of_a_question() -> None:
    assert metrics(record(6.0, 0.5, 0.25)) == {"score": 6.0, "rules": 0.5, "coverage": 1.0, "fact_recall": 0.25}
    assert metrics(record(6.0, 0.5), record(None, 0.7)) == {"score": 6.0, "rules": 0.6, "coverage": 0.5}
    assert metrics(record(None)) == {"rules": 0.5, "coverage": 0.0}
    assert metrics(record(6.0, form=5.0), record(7.0, form=6.0), record(None))["form"] == 5.5
    assert metrics(record(None), absent_as_null=["score", "form"]) == {
        "score": None,
        "form": None,
        "rules": 0.5,
        "coverage": 0.0,
    }
    assert mean_of_present([None, 6.0, 7.0]) == 6.5


AB = {"factual_correctness", "user_satisfaction", "logical_coherence", "creativity", "richness"}
OWN = {"form", "completeness", "factual_consistency", "structure", "language"}


def names(results: Any, task: str, pipeline: str) -> set[str]:
    """Metrics of a task under a pipeline, without their errors."""
    keys = (key.split(",") for key in results["results"][task] if "," in key)
    return {metric for metric, found in keys if found == pipeline and not metric.endswith("_stderr")}


def test_a_judge_that_writes_gives_a_metric_for_each_dimension(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer
) -> None:
    def grade(handler: Any, body: Any) -> None:
        other = "文体规范" in body["messages"][0]["content"]
        marks = [3, 4, 5, 6, 7] if other else [9, 8, 7, 6, 5]
        dimensions = ("文体规范" if other else "文种与格式规范", "内容完整与切题", "事实一致", "结构与逻辑", "语言得体")
        says(str(dict(zip(dimensions, marks, strict=True))))(handler, body)

    judge_server.always = grade
    results = evaluate(metadata={"judge": str(served_judge)})
    assert names(results, "odweval", "odweval") == {"score", "coverage", "rules", "fact_recall"} | OWN
    ours = results["results"]["odweval"]
    assert ours["form,odweval"] == pytest.approx((19 * 9 + 2 * 3) / 21)
    assert ours["language,odweval"] == pytest.approx((19 * 5 + 2 * 7) / 21)
    assert ours["score,odweval"] == pytest.approx((19 * 7 + 2 * 5) / 21)
    (answer,) = answers_of(results["samples"]["odweval_ood2"][0])
    assert answer["dimensions"]["form"] == 3
    assert answer["verdicts"][0]["dimensions"]["文体规范"] == 3
    assert judge_server.requests[0]["messages"][0]["content"] == "请只回答一个字：好"
    assert len(judge_server.prompts) == 21
    by = results["configs"]["odweval_ood2"]["metadata"]["verdicts_by"]["odweval"]
    assert (by["judge"], by["model"], by["rubric"], by["rubric_version"]) == ("loop", "judge-1", "odweval", "1")


def test_alignbench_is_the_same_questions_under_the_other_rubric(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer
) -> None:
    results = evaluate(tasks=["alignbench"], metadata={"judge": str(served_judge)})
    assert names(results, "alignbench", "alignbench") == {"score", "coverage", "rules", "fact_recall"} | AB
    assert results["results"]["alignbench"]["score,alignbench"] == 6.0
    assert results["n-samples"]["alignbench_in19"]["effective"] == 19
    assert all("事实正确性" in prompt for prompt in judge_server.prompts)


def test_odw_grades_one_generation_under_both_rubrics_and_mixes_neither(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer
) -> None:
    def grade(handler: Any, body: Any) -> None:
        grades(9.0 if "事实正确性" in body["messages"][0]["content"] else 4.0)(handler, body)

    judge_server.always = grade
    results = evaluate(tasks=["odw"], metadata={"judge": str(served_judge)})
    common = {"score", "coverage", "rules", "fact_recall"}
    assert names(results, "odw", "odweval") == common | OWN
    assert names(results, "odw", "alignbench") == common | AB
    assert results["results"]["odw"]["score,odweval"] == 4.0
    assert results["results"]["odw"]["score,alignbench"] == 9.0
    assert [sample["filter"] for sample in results["samples"]["odw_ood2"]] == [
        "odweval",
        "odweval",
        "alignbench",
        "alignbench",
    ]
    assert len(judge_server.prompts) == 42
    assert lmeval.open_store().counts() == {"answers": 21, "verdicts": 42, "loglikelihoods": 0}


def test_both_rubrics_under_a_judge_without_dimensions(evaluate: Any) -> None:
    results = evaluate(tasks=["odw"])
    assert names(results, "odw", "odweval") == {"score", "coverage", "rules", "fact_recall"}
    assert names(results, "odw", "alignbench") == {"score", "coverage", "rules", "fact_recall"}


def test_replies_without_scores_are_counted_and_cost_no_results(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer, caplog: pytest.LogCaptureFixture
) -> None:
    judge_server.always = says("我不能评价")
    results = evaluate(metadata={"judge": str(served_judge)})
    assert results["results"]["odweval"]["coverage,odweval"] == 0
    assert names(results, "odweval", "odweval") == {"coverage", "rules", "fact_recall"}
    (answer,) = answers_of(results["samples"]["odweval_ood2"][0])
    assert answer["verdicts"][0]["unscored"] == "no dictionary of scores at the end"
    assert "odweval_in19: 19 of 19 verdicts unscored: 19 × no dictionary of scores at the end" in caplog.text


def test_a_served_judge_that_is_not_there_stops_the_run_before_generation(evaluate: Any, tmp_path: Path) -> None:
    path = tmp_path / "down.yaml"
    path.write_text("backend: api\nbase_url: http://127.0.0.1:9/v1\nmodel: m\n")
    with pytest.raises(RunStopped, match=r"error: judge down: http://127\.0\.0\.1:9/v1: can't be reached"):
        evaluate(metadata={"judge": str(path)})
    assert lmeval.open_store().counts()["answers"] == 0


def alignbench_file(path: Path, *rows: dict[str, Any]) -> str:
    base = {
        "category": "文本写作",
        "subcategory": "实用文体写作",
        "question": "写一封信。",
        "reference": "您好",
        "evidences": None,
    }
    return questions_file(path, *({**base, **row} for row in rows))


def test_alignbench_writing_takes_the_writing_items_of_its_own_file(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer, tmp_path: Path
) -> None:
    rows = [{"question_id": 7}, {"question_id": 8, "category": "数学计算", "reference": ""}, {"question_id": 9}]
    metadata = {"judge": str(served_judge), "alignbench_data": alignbench_file(tmp_path / "ab.jsonl", *rows)}
    results = evaluate(tasks=["alignbench_writing"], metadata=metadata, answers={"AlignBench-7": "尊敬的张先生"})
    assert names(results, "alignbench_writing", "alignbench") == {"score", "coverage"} | AB
    samples = results["samples"]["alignbench_writing"]
    assert [sample["doc"]["id"] for sample in samples] == ["AlignBench-7", "AlignBench-9"]
    assert samples[0]["arguments"][0][0] == "写一封信。"
    assert any("尊敬的张先生" in prompt for prompt in judge_server.prompts)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (None, "needs --metadata alignbench_data=PATH"),
        ([{"question_id": 1, "category": "数学计算"}], "holds no item with category 文本写作"),
        ([{"question_id": 1}, {"question_id": 1}], "line 2: field question_id: 1 is there already"),
        ([{"question_id": 1, "reference": ""}], "line 1: field reference: is missing"),
        ([{"question_id": None}], "line 1: field question_id: is missing"),
    ],
)
def test_alignbench_writing_says_what_is_wrong_with_the_file(
    evaluate: Any, tmp_path: Path, rows: Any, message: str
) -> None:
    metadata = {"alignbench_data": alignbench_file(tmp_path / "ab.jsonl", *rows)} if rows else {}
    with pytest.raises(RunStopped, match=message):
        evaluate(tasks=["alignbench_writing"], metadata=metadata)


def test_a_panel_judges_and_its_spread_is_a_metric(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer, tmp_path: Path
) -> None:
    other = served_judge.read_text().replace("judge-1", "judge-2")
    (tmp_path / "other.yaml").write_text(other)
    (tmp_path / "panel.yaml").write_text("backend: panel\njudges: [loop.yaml, other.yaml]\n")
    judge_server.always = lambda handler, body: grades(5.0 if body["model"] == "judge-1" else 8.0)(handler, body)
    results = evaluate(tasks=["odweval_ood2"], metadata={"judge": str(tmp_path / "panel.yaml")})
    ours = results["results"]["odweval_ood2"]
    assert ours["score,odweval"] == 6.5
    assert ours["form,odweval"] == 6.5
    assert ours["spread,odweval"] == pytest.approx((2 * 1.5**2) ** 0.5)
    by = results["configs"]["odweval_ood2"]["metadata"]["verdicts_by"]["odweval"]
    assert (by["backend"], by["model"]) == ("panel", "judge-1 + judge-2")


def test_a_judge_of_the_systems_own_family_is_named(
    evaluate: Any, served_judge: Path, judge_server: JudgeServer, caplog: pytest.LogCaptureFixture
) -> None:
    served_judge.write_text(served_judge.read_text().replace("judge-1", "qwen-max"))
    metadata = {"judge": str(served_judge), "pretrained": "/models/Qwen3-8B"}
    results = evaluate(tasks=["odweval_ood2"], metadata=metadata)
    assert results["configs"]["odweval_ood2"]["metadata"]["judge_of_the_same_family"] == ["Qwen"]
    assert "the judge loop is of the system's own family (Qwen)" in caplog.text
