"""The text of a Word document, as a reader of its pages sees it: paragraphs, tables and text boxes, numbering included.

Headers, footers, footnotes, comments, deleted and hidden text are left out. Opened by python-docx; its own texts leave
out insertions, content controls and numbers, so the runs are gathered here.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from odw_harness.errors import DataError

_OLE = b"\xd0\xcf\x11\xe0"
"""How an old .doc starts, and a .docx with a password."""
_LARGEST = 256 << 20
"""Bytes of a document unpacked: a page of text takes some 10 kB."""
_MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def read_word(path: Path, name: str) -> tuple[str, list[str]]:
    """The lines of a .docx, and notices of what could not be read of it. Raises DataError."""
    from docx import Document
    from docx.opc.constants import RELATIONSHIP_TYPE
    from docx.oxml.ns import qn
    from docx.oxml.parser import parse_xml

    from odw_harness.traindata.numbering import Numbering

    _see_that_it_is_one(path, name)
    try:
        document = Document(str(path))
        related = (each for each in document.part.rels.values() if each.reltype == RELATIONSHIP_TYPE.NUMBERING)
        blob = next((each.target_part.blob for each in related if not each.is_external), None)
        numbering = Numbering(parse_xml(blob) if blob else None, document.styles.element)
        reader = _Reader(numbering, qn)
        lines = list(reader.blocks(document.element.body))
    except OSError as error:
        raise DataError(f"{name}: can't be read: {error.strerror}") from None
    except Exception as error:  # a damaged package breaks python-docx and lxml in many ways
        raise DataError(f"{name}: a damaged .docx ({type(error).__name__}); open it in Word and save it anew") from None
    notices = [
        f"{name}: the numbers of {count} paragraphs are lost (format {form}); write them into the text"
        for form, count in numbering.lost.items()
    ]
    if reader.notes:
        notices.append(f"{name}: footnotes left out: {reader.notes}")
    return "\n".join(lines), notices


def _see_that_it_is_one(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start == _OLE:
            raise DataError(f"{name}: an old .doc, or a .docx with a password; save it as .docx without one")
        with zipfile.ZipFile(path) as package:
            size = sum(each.file_size for each in package.infolist())
            if "word/document.xml" not in package.namelist() and "[Content_Types].xml" not in package.namelist():
                raise DataError(f"{name}: not a Word document; save it as .docx")
    except zipfile.BadZipFile:
        raise DataError(f"{name}: not a Word document; save it as .docx") from None
    except OSError as error:
        raise DataError(f"{name}: can't be read: {error.strerror}") from None
    if size > _LARGEST:
        raise DataError(f"{name}: {size >> 20} MiB unpacked, too large for a document")


class _Reader:
    """Walks the XML of a body. notes: footnotes and endnotes met, which are left out."""

    def __init__(self, numbering: Any, qn: Any) -> None:
        self._numbering = numbering
        self.notes = 0
        self._p, self._tbl, self._tr, self._tc = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
        self._box, self._run, self._vanish = qn("w:txbxContent"), qn("w:r"), f"{qn('w:rPr')}/{qn('w:vanish')}"
        self._texts = {qn("w:t"), f"{{{_MATH}}}t"}
        self._marks = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
        self._left_out = {
            *(qn(f"w:{each}") for each in ("pPr", "rPr", "del", "moveFrom", "rt", "sectPr", "tblPr", "tcPr", "trPr")),
            f"{{{_COMPATIBILITY}}}Fallback",  # the same text box for old versions
        }
        self._references = {qn("w:footnoteReference"), qn("w:endnoteReference")}

    def blocks(self, element: Any) -> Iterator[str]:
        """The lines of a body, a cell, a text box, or of what wraps them (content controls, insertions)."""
        for child in element:
            if child.tag == self._p:
                yield from self._paragraph(child)
            elif child.tag == self._tbl:
                yield from self._table(child)
            elif child.tag not in self._left_out:
                yield from self.blocks(child)

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        boxes: list[Any] = []
        text = "".join(self._pieces(paragraph, boxes))
        label = self._numbering.label(paragraph)
        if text.strip():
            if label:
                text = text.lstrip()
                text = f"{label}{' ' if label.endswith('.') and text[:1].isdigit() else ''}{text}"
            yield from text.split("\n")
        for box in boxes:
            yield from self.blocks(box)

    def _pieces(self, element: Any, boxes: list[Any]) -> Iterator[str]:
        for child in element:
            if child.tag in self._texts:
                yield child.text or ""
            elif child.tag in self._marks:
                yield self._marks[child.tag]
            elif child.tag == self._box:
                boxes.append(child)
            elif child.tag in self._references:
                self.notes += 1
            elif child.tag not in self._left_out and not (child.tag == self._run and self._hidden(child)):
                yield from self._pieces(child, boxes)

    def _hidden(self, run: Any) -> bool:
        vanish = run.find(self._vanish)
        return vanish is not None and all(value not in ("0", "false", "off") for value in vanish.attrib.values())

    def _table(self, table: Any) -> Iterator[str]:
        """A line a row, its cells parted by tabs; a row with one filled cell is layout, and its lines stay lines."""
        for row in self._inside(table, self._tr):
            cells = [list(self.blocks(cell)) for cell in self._inside(row, self._tc)]
            filled = [lines for lines in cells if any(line.strip() for line in lines)]
            if len(filled) == 1:
                yield from filled[0]
            elif filled:
                yield "\t".join(" ".join(line.strip() for line in lines) for lines in cells)

    def _inside(self, element: Any, tag: str) -> Iterator[Any]:
        """Rows of a table or cells of a row, those in content controls too, but none of a table within."""
        for child in element:
            if child.tag == tag:
                yield child
            elif child.tag not in (self._tc, self._tbl, *self._left_out):
                yield from self._inside(child, tag)
