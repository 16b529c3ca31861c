"""AlignBench's own data: the 文本写作 items, for those who have the file. It is never shipped."""

from pathlib import Path

from odw_harness.errors import QuestionError
from odw_harness.jsonl import read_rows
from odw_harness.questions import Question

CATEGORY = "文本写作"


def load_writing_questions(file: str | Path | None) -> list[Question]:
    """The writing items of AlignBench's data file (JSON Lines: question_id, category, subcategory, question, reference).

    Raises QuestionError, naming file, line and field.
    """
    if not file:
        raise QuestionError(
            "alignbench_writing: needs --metadata alignbench_data=PATH, AlignBench's own data_v1.1_release.jsonl, "
            "which is not shipped; the task alignbench has questions of its own"
        )
    questions: dict[str, Question] = {}
    for where, row in read_rows(file, "AlignBench data file", QuestionError):
        if "category" not in row:
            raise QuestionError(f"{where}: field category: is missing; is this AlignBench's data file?")
        if row["category"] != CATEGORY:
            continue
        for field in ("question_id", "subcategory", "question", "reference"):
            if row.get(field) in (None, ""):
                raise QuestionError(f"{where}: field {field}: is missing; is this AlignBench's data file?")
        question = Question(
            id=f"AlignBench-{row['question_id']}",
            genre=str(row["subcategory"]),
            category="out_of_domain",
            prompt=str(row["question"]),
            reference=str(row["reference"]),
        )
        if question.id in questions:
            raise QuestionError(f"{where}: field question_id: {row['question_id']} is there already")
        questions[question.id] = question
    if not questions:
        raise QuestionError(f"{file}: holds no item with category {CATEGORY}")
    return list(questions.values())
