"""Sheets as a project of Label Studio (https://labelstud.io), and what comes back from it.

Made for and tried with Label Studio 1.23: a task for each answer of each grader, the labelling configuration, and its
exports JSON and JSON-MIN. The open-source Label Studio assigns no tasks; graders filter theirs (`README`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from odw_harness.errors import MarkError
from odw_harness.human import instructions
from odw_harness.human.marks import DIMENSION_HIGHEST, DIMENSION_LOWEST, HIGHEST, LOWEST
from odw_harness.human.reading import Row, read_json
from odw_harness.human.sheet import Given, Item, Returned, Sheet
from odw_harness.texts import shown, storable

README = """\
Label Studio 评分项目（适用于 Label Studio 1.23）

建立项目
1. 新建项目（Create Project），在 Labeling Setup 里选 Custom template → Code，把 labelling.xml 的内容整个粘贴进去，保存。
2. 导入（Import）tasks.json。每位评分人的每份答卷是一条任务；任务里没有写作者的信息。
3. 每位评分人用自己的账号登录。

每位评分人只评自己的任务（社区版不能指派任务）
1. 在任务列表（Data Manager）点 Filters → Add Filter，选 grader，equal，填自己的代号（如 G01）。
2. 点 Label All Tasks 旁的箭头选 Label Tasks As Displayed，按列表次序逐条评分，点 Submit 提交。
3. 也可以由组织者先为每位评分人建一个带此筛选条件的标签页（Tab），评分人打开自己的标签页即可。
分数超出范围时 Label Studio 不会提醒，取回时才会报告，请填写时留意。拿不准的写在备注里；暂时无法评的点 Skip 跳过。

取回
导出（Export）选 JSON 或 JSON-MIN，把文件放回本文件夹，运行 odw human import。
"""
"""For whoever sets the project up and for its graders, in Chinese."""
SCORE, COMMENT, DIMENSION, LABEL = "score", "comment", "dimension_", "label_"
"""What the fields are called in the labelling configuration and in exports; a dimension's is DIMENSION and its metric, and
the task has its name under LABEL and the metric (no name may be both: JSON-MIN has one place for it)."""
_NOT_ASKED = "（本题不评此项）"
_AGAIN = "export from Label Studio as JSON or JSON-MIN"


def tasks(sheets: Sequence[Sheet]) -> list[dict[str, Any]]:
    """What is imported: a task for each item of each grader, in the order of the sheets.

    Its data: grading, grader, code, question, genre, prompt, answer, and for each dimension that any item of the sheets
    is marked in, `label_METRIC`, its name for this item.
    """
    metrics = _metrics(sheets)
    return [
        {"data": {"grading": sheet.grading, "grader": sheet.grader, **_data(item, metrics)}}
        for sheet in sheets
        for item in sheet.items
    ]


def _metrics(sheets: Sequence[Sheet]) -> list[str]:
    """Every metric of the items, in the order in which they come."""
    return list(dict.fromkeys(metric for sheet in sheets for item in sheet.items for metric in item.dimensions))


def _data(item: Item, metrics: Sequence[str]) -> dict[str, str]:
    texts = {name: getattr(item, name) for name in ("code", "question", "genre", "prompt", "answer")}
    names = {LABEL + metric: item.dimensions.get(metric, _NOT_ASKED) for metric in metrics}
    return {name: storable(text) for name, text in {**texts, **names}.items()}


def configuration(sheets: Sequence[Sheet]) -> str:
    """The labelling configuration, XML: instructions, task and answer as plain text, the fields of a mark."""
    view = ElementTree.Element("View")
    metrics = _metrics(sheets)
    _instructions(view, bool(metrics))
    _header(view, "题目（$genre）", "5")
    # selectionEnabled: no part of a text is to be labelled
    ElementTree.SubElement(view, "Text", name="prompt", value="$prompt", selectionEnabled="false")
    _header(view, "答卷（编号 $code）", "5")
    ElementTree.SubElement(view, "Text", name="answer", value="$answer", selectionEnabled="false")
    _header(view, f"总分（{LOWEST:g}～{HIGHEST:g}，可用小数）", "5")
    _number(view, SCORE, LOWEST, HIGHEST, required="true", requiredMessage="请填总分")
    for metric in metrics:
        _header(view, f"${LABEL}{metric}（{DIMENSION_LOWEST:g}～{DIMENSION_HIGHEST:g}）", "6")
        _number(view, DIMENSION + metric, DIMENSION_LOWEST, DIMENSION_HIGHEST)
    _header(view, "备注（可不填）", "5")
    ElementTree.SubElement(
        view, "TextArea", name=COMMENT, toName="answer", rows="2", maxSubmissions="1", editable="true"
    )
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _header(parent: ElementTree.Element, value: str, size: str) -> None:
    ElementTree.SubElement(parent, "Header", value=value, size=size)


def _number(parent: ElementTree.Element, name: str, least: float, most: float, **more: str) -> None:
    scale = {"min": f"{least:g}", "max": f"{most:g}", "step": "any"}
    ElementTree.SubElement(parent, "Number", {"name": name, "toName": "answer", **scale, **more})


def _instructions(parent: ElementTree.Element, with_dimensions: bool) -> None:
    panel = ElementTree.SubElement(
        ElementTree.SubElement(parent, "Collapse"), "Panel", value="评分说明（点此展开或收起）"
    )
    lines = [*instructions.HOW, *(f"{band} 分：{meaning}" for band, meaning in instructions.BANDS)]
    lines += [instructions.DIMENSION_SCALE] if with_dimensions else []
    lines.append(f"例题：{instructions.EXAMPLE_TASK}")
    for anchor in instructions.EXAMPLE:
        written = [line for line in anchor.answer.split("\n") if line]  # a Header is one line
        lines += [f"例文，应得 {anchor.score} 分：", *written, f"说明：{anchor.why}"]
    for line in lines:
        _header(panel, line, "6")


def is_export(rows: object) -> bool:
    """Whether a file's JSON is an export of such a project: a list of tasks, one at least with grading, grader and code."""
    return isinstance(rows, list) and any(_is_ours(_data_of(row)) for row in rows)


def read_export(path: Path) -> list[Returned]:
    """Read an export, JSON or JSON-MIN: what came back from each grader, in the order in which they come.

    An answer's mark is its latest annotation that was not skipped. Where several people annotated it, that is a fault and
    it is given as left blank; so is a task that nobody annotated, or all skipped. Raises MarkError where the file is no
    such export.
    """
    rows = read_json(path, _AGAIN)
    if not is_export(rows):
        raise MarkError(f"{path}: no export of a grading: no task has grading, grader and code; {_AGAIN}")
    found: dict[tuple[str, str], dict[str, _Task]] = {}
    lost: list[str] = []
    for number, row in enumerate(rows, 1):
        data = _data_of(row)
        if not _is_ours(data):
            lost.append(
                f"{path.name}: task {number} of the file: lacks grading, grader or code; import tasks.json anew"
            )
            continue
        of_grader = found.setdefault((data["grading"], data["grader"]), {})
        where = f"{path.name}: task {shown(str(row.get('id', number)), 40, '?')}"
        task = of_grader.setdefault(data["code"], _Task(data, where))
        task.annotations += _annotations(row)
    return [
        _returned(path, *who, list(of_grader.values()), [] if number else lost)
        for number, (who, of_grader) in enumerate(found.items())
    ]


@dataclass(frozen=True)
class _Annotation:
    """What somebody gave a task. order: sorts by time; values: field → as the export has it."""

    by: object
    order: tuple[str, int]
    values: Mapping[str, Any]


@dataclass
class _Task:
    data: Mapping[str, Any]
    where: str
    annotations: list[_Annotation] = field(default_factory=list)


def _data_of(row: object) -> Mapping[str, Any]:
    """A task's data: JSON has it under a name of its own, JSON-MIN among the rest."""
    data = row.get("data", row) if isinstance(row, dict) else {}
    return data if isinstance(data, dict) else {}


def _is_ours(data: Mapping[str, Any]) -> bool:
    return all(isinstance(data.get(name), str) and data[name] for name in ("grading", "grader", "code"))


def _annotations(row: Mapping[str, Any]) -> Iterator[_Annotation]:
    """Those of a row that were not skipped; a row of JSON-MIN is one, or none yet."""
    if "data" not in row:
        if row.get("annotation_id") is not None:
            yield _Annotation(row.get("annotator"), _order(row, "annotation_id"), row)
        return
    for each in _dicts(row.get("annotations")):
        if not each.get("was_cancelled"):
            results = _dicts(each.get("result"))
            values = {str(result.get("from_name")): result.get("value") for result in results}
            yield _Annotation(each.get("completed_by"), _order(each, "id"), values)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _order(annotation: Mapping[str, Any], name: str) -> tuple[str, int]:
    number = annotation.get(name)
    return str(annotation.get("updated_at") or ""), number if isinstance(number, int) else 0


def _returned(path: Path, grading: str, grader: str, of_grader: Sequence[_Task], lost: Sequence[str]) -> Returned:
    faults = list(lost)
    given = [_given(task, faults) for task in of_grader]
    return Returned(path, grading, grader, tuple(given), tuple(faults))


def _given(task: _Task, faults: list[str]) -> Given:
    data = task.data
    row = Row(f"{task.where}, {shown(data['code'], 40, '?')}", faults.append)
    people = {_person(each.by) for each in task.annotations}
    if len(people) > 1:
        told = "are several people and all marked it; delete in Label Studio all annotations but those of its grader"
        row.fault("annotated by", sorted(people), told)
    values = max(task.annotations, key=lambda each: each.order).values if len(people) == 1 else {}
    asked = [name.removeprefix(LABEL) for name in data if name.startswith(LABEL) and data[name] != _NOT_ASKED]
    return Given(
        code=data["code"],
        score=row.number(SCORE, _plain(values.get(SCORE))),
        dimensions={metric: row.number(metric, _plain(values.get(DIMENSION + metric))) for metric in asked},
        comment=row.text(COMMENT, _plain(values.get(COMMENT))) or "",
        where=row.where,
        answer=row.text("answer", data.get("answer")),
    )


def _person(by: object) -> str:
    """Exports have an id, or an object of the person's fields."""
    return str((by.get("email") or by.get("id")) if isinstance(by, dict) else by)


def _plain(value: Any) -> Any:
    """A value without the wrapping that exports put around it.

    >>> [_plain(each) for each in ({"number": 8}, [{"number": 8}], {"text": ["好", "短"]}, "好", None)]
    [8, 8, '好\\n短', '好', None]
    """
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return "\n".join(value)
    if isinstance(value, list) and len(value) == 1:
        return _plain(value[0])
    if isinstance(value, dict) and len(value) == 1:
        return _plain(next(iter(value.values())))
    return value
