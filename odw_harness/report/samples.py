"""What the sample browser of the page shows: every question and answer, with findings and verdicts, in one packed text.

It is gzip in Base64 of JSON: small, since answers to a question say much the same, and no text of a model's can end the
element that it stands in. `samples.js.j2` reads it.
"""

import base64
import gzip
import json
import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from odw_harness.report.chinese import CHECKS_ZH, clause_zh, message_zh
from odw_harness.report.layout import laid_out
from odw_harness.results import Outputs
from odw_harness.rubric import RUBRICS
from odw_harness.runs import Answer
from odw_harness.texts import map_texts, storable

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 50_000
"""Characters of a text that go into the page, some ten times the longest document; of what is longer it names the file."""
_NAME_OF = {each.metric: each.name for rubric in RUBRICS.values() for each in rubric.dimensions}
"""A dimension's metric, as people's marks have it → its name in the rubric, as verdicts have it."""


class _Numbered(dict[Any, int]):
    """Numbers things from 0 as they come."""

    def __missing__(self, key: Any) -> int:
        self[key] = len(self)
        return self[key]


def embedded(outputs: Outputs, marks: "pd.DataFrame | None" = None, measures: Sequence[str] = ()) -> str:
    """All samples of the outputs, with people's marks of them (`read_marks`), packed for the page; measures: which come first.

    Raises AnswerError where a samples file can't be read any more.
    """
    data = json.dumps(
        map_texts(_Samples(outputs, marks, measures).as_dict(), storable),
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    return base64.b64encode(gzip.compress(data.encode(), mtime=0)).decode()


class _Samples:
    """Collects the samples of many runs; equal answers of a system, graded in several ways, become one."""

    def __init__(self, outputs: Outputs, marks: "pd.DataFrame | None", measures: Sequence[str]) -> None:
        """Read every samples file again, the newest runs first."""
        self._marks: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for mark in [] if marks is None else marks.to_dict("records"):
            self._marks.setdefault((mark["question_hash"], mark["answer_hash"]), []).append(_mark(mark))
        rows = outputs.table
        names = dict(zip(rows["run"], rows["system"], strict=True))
        keys = zip(rows["run"], rows["rubric"], rows["question"], rows["repeat"], rows["judge_repeat"], strict=True)
        self._measure_of = dict(zip(keys, rows["measure"], strict=True))
        self._measures, self._judges, self._kinds = _Numbered(), _Numbered(), _Numbered()
        self._questions, self._systems = _Numbered(), _Numbered()
        for measure in measures:
            self._measures[measure]
        for system in sorted(set(names.values()), key=str.casefold):
            self._systems[system]
        self._answers: dict[Hashable, dict[str, Any]] = {}
        for run in sorted(outputs.runs, key=lambda run: run.date, reverse=True):
            for rubric in RUBRICS:
                for answer in run.answers(rubric):
                    self._add(answer, names[str(run.file)], str(run.file), rubric)

    def _add(self, answer: Answer, system: str, run: str, rubric: str) -> None:
        doc, record = answer.question, answer.record
        verdicts = list(self._verdicts(answer, run, rubric))
        if not verdicts:
            return  # a newer run took its place in the table
        texts = (doc["id"], doc["genre"], doc["split"], doc.get("prompt") or doc["request"], doc["reference"])
        question, repeat = self._questions[tuple(map(str, texts))], record["repeat"]
        held = self._answers.setdefault((system, question, repeat, answer.text), {})
        if not held:
            text = answer.document
            held |= {
                "question": question,
                "system": self._systems[system],
                "repeat": repeat,
                "thoughts": len(answer.text) - len(text),
                "file": run,
                **_text(text, str(doc["genre"])),
                "rules": _number(record.get("rules")),
                "facts": _number(record.get("fact_recall")),
                "missing": [str(fact) for fact in record.get("missing_facts") or ()],
                **self._findings(record),
                "marks": self._marks.get((answer.question_hash, answer.answer_hash), []),
                "verdicts": [],
            }
        held["verdicts"] += [verdict for verdict in verdicts if verdict not in held["verdicts"]]

    def _findings(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """failed: [kind, line or null, message, the same in Chinese]; passed: kinds."""
        failed, passed = [], []
        for finding in _rows(record.get("findings")):
            level = "hard" if finding.get("level") == "hard" else "soft"
            kind = self._kinds[str(finding.get("check")), level, str(finding.get("clause", ""))]
            line = finding.get("line")
            if finding.get("ok"):
                passed.append(kind)
            else:
                message = str(finding.get("message", ""))
                failed.append([kind, line if isinstance(line, int) else None, message, message_zh(message)])
        return {"failed": failed, "passed": passed}

    def _verdicts(self, answer: Answer, run: str, rubric: str) -> Iterator[dict[str, Any]]:
        for verdict in answer.record["verdicts"]:
            who = verdict["provenance"]
            repeat = who.get("repeat", 0)
            measure = self._measure_of.get((run, rubric, answer.question["id"], answer.record["repeat"], repeat))
            if measure is not None:
                text = str(verdict.get("rationale") or "")
                chinese = message_zh(text)
                yield {
                    "measure": self._measures[measure],
                    "judge": self._judges[str(who["judge"]), str(who["model"])],
                    "repeat": repeat,
                    "score": _number(verdict["score"]),
                    "unscored": verdict["unscored"],
                    "dimensions": [[name, _number(mark)] for name, mark in (verdict.get("dimensions") or {}).items()],
                    "rationale": text[:LONGEST],
                    "cut": len(text) > LONGEST,
                    **({} if chinese == text else {"rationale_zh": chinese}),
                }

    def as_dict(self) -> dict[str, Any]:
        """What the browser reads. Answers stand in the order of questions, systems and repeats.

        Answers that a system gave to one question under one repeat are told apart by `copy`, 1 the newest.
        """
        answers = sorted(self._answers.values(), key=lambda each: (each["question"], each["system"], each["repeat"]))
        copies: dict[Hashable, int] = {}
        for answer in answers:
            key = answer["question"], answer["system"], answer["repeat"]
            answer["copy"] = copies[key] = copies.get(key, 0) + 1
        names = ("id", "genre", "split", "prompt", "reference")
        questions = [
            dict(zip(names, texts, strict=True)) for texts in cast("list[tuple[str, ...]]", list(self._questions))
        ]
        return {
            "systems": list(self._systems),
            "measures": list(self._measures),
            "judges": list(self._judges),
            "kinds": [[*kind, clause_zh(kind[-1])] for kind in self._kinds],
            "checks": CHECKS_ZH,
            "dimensions": {
                name: metric.replace("_", " ")
                for rubric in RUBRICS.values()
                for name, metric in rubric.metric_of.items()
            },
            "questions": [
                {**each, "prompt": each["prompt"][:LONGEST], "reference": _text(each["reference"], each["genre"])}
                for each in questions
            ],
            "answers": answers,
        }


def _text(text: str, genre: str) -> dict[str, Any]:
    """A text's lines, one string, and a letter for each (`layout.PARTS`); characters: how many it has in all."""
    layout = laid_out(text[:LONGEST], genre)
    return {"text": "\n".join(layout.lines), "parts": layout.parts, "characters": len(text)}


def _mark(given: Mapping[str, Any]) -> dict[str, Any]:
    """A person's mark, without their name: the page goes from hand to hand."""
    return {
        "score": _number(given["score"]),
        "dimensions": [[_NAME_OF.get(name, name), _number(mark)] for name, mark in given["dimensions"].items()],
        "comment": given["comment"][:LONGEST],
        "simulated": bool(given["simulated"]),
    }


def _rows(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    """A number that JSON knows."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
