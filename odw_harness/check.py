"""`odw check`: documents from files, their reports, and how a terminal shows them."""

import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odw_harness.console import table_console
from odw_harness.errors import DocumentError, QuestionError
from odw_harness.questions import find_question
from odw_harness.rules import Expectations, Report, check_text, of_genre, of_question
from odw_harness.rules.document import Document, without_suffix
from odw_harness.rules.genres import GENRES


@dataclass(frozen=True)
class Checked:
    """A document, what it was checked as, and what was found."""

    file: str
    text: str
    genre: str
    report: Report

    def as_json(self) -> dict[str, Any]:
        """The document's entry in the output of --json."""
        entry = {"file": self.file, "genre": self.genre, **self.report.as_dict()}
        shares = {name: round(entry[name], 4) for name in ("rules", "fact_recall") if entry[name] is not None}
        return {**entry, **shares}


def check_files(
    files: list[str], question: str | None, genre: str | None, questions: str | None
) -> tuple[list[Checked], list[DocumentError]]:
    """Check each file as an answer to a question, as a document of a 文种, or as what its title says.

    Returns the reports, and why there is none of the other files. Raises DocumentError or QuestionError where question or
    genre names nothing.
    """
    expected: Expectations | None = None
    if question is not None:
        expected = of_question(find_question(question, questions))
    elif questions is not None:
        raise QuestionError("--questions needs --question: say which of its questions was answered")
    elif genre is not None:
        expected = of_genre(genre)
    checked, left_out = [], []
    for file in files:
        try:
            text = read_document(file)
            wanted = expected or of_genre(_genre_of(text, file))
        except DocumentError as error:
            left_out.append(error)
            continue
        name = wanted.genre.name if wanted.genre else ""
        checked.append(Checked(file, text, name, check_text(text, wanted)))
    return checked, left_out


def read_document(file: str) -> str:
    """The text of a file in UTF-8, UTF-16 or GB18030, `-` for standard input. Raises DocumentError."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise DocumentError(f"{file}: can't be read: {error.strerror}") from None
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DocumentError(f"{file}: not a text file; save the document as plain text (UTF-8)")
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentError(f"{file}: neither UTF-8 nor GB18030; save it as UTF-8")


def genre_of_title(title: str) -> str | None:
    """The 文种 that a title names at its end; None where it names none.

    >>> genre_of_title("关于加强值班工作的通知"), genre_of_title("关于养老服务的调研报告"), genre_of_title("春")
    ('通知', '调研报告', None)
    """
    bare = without_suffix(title.rstrip("。.，,；;：:"))
    endings = [(ending, genre.name) for genre in GENRES.values() for ending in genre.endings if ending]
    return next(
        (name for ending, name in sorted(endings, key=lambda pair: -len(pair[0])) if bare.endswith(ending)), None
    )


def _genre_of(text: str, file: str) -> str:
    if not text.strip():
        raise DocumentError(f"{file}: holds no text")
    title = Document(text).title
    if genre := genre_of_title(title):
        return genre
    shown = _printable(title[:30])
    raise DocumentError(f"{file}: the title ({shown}) names no known 文种; say which with --genre or --question")


def _printable(text: str) -> str:
    return "".join(mark for mark in text if unicodedata.category(mark)[0] != "C")


def print_reports(documents: list[Checked], everything: bool = False) -> None:
    """Print reports to standard output; everything shows passed checks too."""
    from rich.text import Text

    console = table_console(highlight=False)
    for document in documents:
        report = document.report
        passed = sum(finding.ok for finding in report.findings)
        verdict = Text("passed", "green") if report.passed else Text("FAILED", "bold red")
        facts = "" if report.fact_recall is None else f" · fact recall {report.fact_recall:.2f}"
        head = Text.assemble((_printable(document.file), "bold"), f" as {document.genre}:")
        console.print(head, verdict, Text(f"· {passed} of {len(report.findings)} checks{facts}"), soft_wrap=True)
        lines = Document(document.text).raw_lines
        for finding in report.findings:
            if finding.ok and not everything:
                continue
            mark, style = ("✓", "green") if finding.ok else ("✗", "red") if finding.level == "hard" else ("!", "yellow")
            where = f" line {finding.line}" if finding.line else ""
            console.print(
                Text.assemble((f"  {mark} {finding.check}", style), f" ({finding.level}){where}:"),
                Text(_printable(finding.message)),
                Text(f"[{finding.clause}]", "dim"),
                soft_wrap=True,
            )
            if finding.line and not finding.ok:
                shown = _printable(lines[finding.line - 1].strip())
                console.print(
                    Text(f"    {finding.line:>4} │ {shown[:76]}{'…' if len(shown) > 76 else ''}", "dim"), soft_wrap=True
                )
        if report.missing_facts:
            console.print(Text(f"  facts not found: {'、'.join(report.missing_facts)}", "yellow"), soft_wrap=True)
