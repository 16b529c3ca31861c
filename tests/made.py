"""Runs as lm-eval writes them, made without a model: results and samples files of systems whose scores are given."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from odw_harness.human.marks import Mark, marks_file, write_marks
from odw_harness.questions import Question, load_questions
from odw_harness.results import read_outputs
from odw_harness.rubric import RUBRICS
from odw_harness.rules import check_text, of_question

QUESTIONS = load_questions()
Score = float | None


def who(judge: str = "judge-1", rubric: str = "odweval", version: str = "1", **more: Any) -> dict[str, Any]:
    """A verdict's provenance."""
    return {
        "judge": judge,
        "backend": "api",
        "model": judge,
        "revision": "r",
        "settings": {},
        "rubric": rubric,
        "rubric_version": version,
        "prompt_hash": "p",
        "repeat": 0,
        **more,
    }


def verdict(score: Score, question: Question, rubric: str, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict: all five dimensions as its score is, or unscored with a reason."""
    names = [each.name for each in RUBRICS[rubric].dimensions_of(question)]
    return {
        "score": score,
        "unscored": "no scores in the reply" if score is None else None,
        "dimensions": None if score is None else dict.fromkeys(names, score),
        "rationale": "" if score is None else f"要素齐全，表述得体，综合得分{score:.1f}。",
        "provenance": dict(provenance),
    }


def write_run(
    folder: Path,
    system: str | None,
    scores: Callable[[Question], Sequence[Sequence[Score]]],
    *,
    text: Callable[[Question], str] = lambda question: question.reference,
    rubric: str = "odweval",
    judge: Mapping[str, Any] | None = None,
    date: datetime = datetime(2026, 11, 25, 10, tzinfo=UTC),
    questions: Sequence[Question] = QUESTIONS,
    metadata: Mapping[str, Any] | None = None,
    model_args: Mapping[str, Any] | None = None,
) -> Path:
    """One run under folder/MODEL/; scores(question) gives each answer's verdicts: [[7, 8], [6, 6]] is two answers, each
    judged twice. Returns the results file."""
    stamp = date.strftime("%Y-%m-%dT%H-%M-%S.%f")
    place = folder / "model"
    place.mkdir(parents=True, exist_ok=True)
    arguments = dict(model_args or {"pretrained": f"models/{system}"})
    given = {**({"system": system} if system else {}), **(metadata or {})}
    configs: dict[str, Any] = {}
    for split in ("in19", "ood2"):
        mine = [question for question in questions if question.split == split]
        if not mine:
            continue
        task = f"{rubric}_{split}"
        configs[task] = {
            "task": task,
            "metadata": {"version": 1.0, **arguments, **given},
            "generation_kwargs": {"max_gen_toks": 2048},
        }
        with (place / f"samples_{task}_{stamp}.jsonl").open("w", encoding="utf-8") as file:
            for question in mine:
                file.write(
                    json.dumps(
                        _row(question, scores(question), text(question), rubric, judge or who(rubric=rubric)),
                        ensure_ascii=False,
                    )
                    + "\n"
                )
    results = place / f"results_{stamp}.json"
    held = {
        "results": {task: {} for task in configs},
        "configs": configs,
        "config": {"model": "hf", "model_args": arguments, "limit": None},
        "date": date.timestamp(),
        "lm_eval_version": "0.4.13",
        "model_name": arguments.get("pretrained", "m"),
    }
    results.write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
    return results


def _row(
    question: Question, scores: Sequence[Sequence[Score]], text: str, rubric: str, by: Mapping[str, Any]
) -> dict[str, Any]:
    found = check_text(text, of_question(question)).as_dict()
    answers = [
        {
            "repeat": repeat,
            "verdicts": [
                verdict(score, question, rubric, {**by, "repeat": number}) for number, score in enumerate(of_answer)
            ],
            **found,
        }
        for repeat, of_answer in enumerate(scores)
    ]
    doc = {key: getattr(question, key) for key in ("id", "genre", "split", "prompt", "reference")}
    return {
        "doc": {**doc, "request": question.request()},
        "target": question.reference,
        "arguments": {"gen_args_0": {"arg_0": question.request(), "arg_1": {"max_gen_toks": 2048}}},
        "resps": [[text] * len(scores)],
        "filtered_resps": [json.dumps({"answers": answers, "absent_as_null": []}, ensure_ascii=False)],
        "filter": rubric,
    }


def noisy(mean: float, seed: int, sd: float = 1.0) -> Callable[[Question], Sequence[Sequence[Score]]]:
    """Scores about a mean: one answer a question, judged once."""
    given = random.Random(seed)
    drawn = {question.id: min(10.0, max(1.0, given.gauss(mean, sd))) for question in QUESTIONS}
    return lambda question: [[drawn[question.id]]]


def write_people(
    folder: Path,
    score: Callable[[str, str, str], float | None],
    graders: Sequence[str] = ("G1", "G2"),
    grading: str = "g1",
    **more: Any,
) -> Path:
    """People's marks of the runs under a folder, beside them: score(system, question id, grader), None for no mark.

    Answers of one text are marked once. Returns the file.
    """
    marks: dict[tuple[str, str, str], Mark] = {}
    for row in read_outputs([folder], ungraded=True).table.to_dict("records"):
        for grader in graders:
            given = score(row["system"], row["question"], grader)
            if given is not None:
                key = (grader, row["question_hash"], row["answer_hash"])
                fields = {name: row[name] for name in ("question", "question_hash", "answer_hash")}
                of = {"grading": grading, "grader": grader, "code": f"{len(marks):05}", **fields, **more}
                marks.setdefault(key, Mark(**of, score=given))
    write_marks(marks_file(folder, grading), list(marks.values()))
    return marks_file(folder, grading)
