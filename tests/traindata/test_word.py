"""Word documents as a reader sees them."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from odw_harness.errors import DataError
from odw_harness.traindata.word import read_word

LEVELS = (("chineseCountingThousand", "%1、"), ("chineseCountingThousand", "（%2）"), ("decimal", "%3."))


def add_list(document: Any, number: int, levels: Any = LEVELS, override: str = "", abstract: int | None = None) -> None:
    """A list in numbering.xml: w:abstractNum and w:num of that number."""
    root = document.part.numbering_part.element
    if abstract is None:
        abstract = 100 + number
        inside = "".join(
            f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
            for level, (form, text) in enumerate(levels)
        )
        element = f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{abstract}">{inside}</w:abstractNum>'
        root.insert(0, parse_xml(element))
    xml = f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{abstract}"/>{override}</w:num>'
    root.append(parse_xml(xml))


def numbered(document: Any, text: str, number: int, level: int = 0) -> None:
    paragraph = document.add_paragraph(text)
    properties = f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    paragraph._p.get_or_add_pPr().append(parse_xml(properties))


def text_of(document: Any, tmp_path: Path) -> tuple[list[str], list[str]]:
    document.save(tmp_path / "a.docx")
    text, notices = read_word(tmp_path / "a.docx", "a.docx")
    return text.split("\n"), notices


def test_the_numbers_that_word_shows_are_written_into_the_text(tmp_path: Path) -> None:
    document = Document()
    add_list(document, 7)
    for text, level in (
        ("总体要求", 0),
        ("重点任务", 0),
        ("修路", 1),
        ("架桥", 1),
        ("勘测", 2),
        ("7月15日前立项", 2),
        ("保障", 0),
        ("经费", 1),
    ):
        numbered(document, text, 7, level)
    document.add_paragraph("没有编号")
    read, notices = text_of(document, tmp_path)
    assert read == [
        "一、总体要求",
        "二、重点任务",
        "（一）修路",
        "（二）架桥",
        "1.勘测",
        "2. 7月15日前立项",
        "三、保障",
        "（一）经费",
        "没有编号",
    ]
    assert notices == []


def test_a_second_list_of_one_definition_counts_on_unless_it_starts_anew(tmp_path: Path) -> None:
    document = Document()
    add_list(document, 7)
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    add_list(document, 8, abstract=107)
    add_list(document, 9, override=again, abstract=107)
    for text, number in (("甲", 7), ("乙", 8), ("丙", 9), ("丁", 9)):
        numbered(document, text, number)
    assert text_of(document, tmp_path)[0] == ["一、甲", "二、乙", "一、丙", "二、丁"]


def test_a_style_may_number_its_paragraphs(tmp_path: Path) -> None:
    document = Document()
    add_list(document, 7)
    style = document.styles["Heading 1"].element.get_or_add_pPr()
    style.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:numId w:val="7"/></w:numPr>'))
    document.add_heading("检查范围", 1)
    document.add_paragraph("正文。")
    document.add_heading("检查时间", 1)
    assert text_of(document, tmp_path)[0] == ["一、检查范围", "正文。", "二、检查时间"]


def test_an_article_is_parted_from_its_text_and_a_bullet_is_no_text(tmp_path: Path) -> None:
    document = Document()
    add_list(document, 7, (("chineseCounting", "第%1条"), ("bullet", "·")))
    numbered(document, "为了规范管理，制定本办法。", 7)
    numbered(document, "要点", 7, 1)
    assert text_of(document, tmp_path)[0] == ["第一条 为了规范管理，制定本办法。", "要点"]


def test_numbers_in_an_unknown_format_are_told_of(tmp_path: Path) -> None:
    document = Document()
    add_list(document, 7, (("hebrew1", "%1."),))
    numbered(document, "甲", 7)
    numbered(document, "乙", 7)
    read, notices = text_of(document, tmp_path)
    assert read == ["甲", "乙"]
    assert notices == ["a.docx: the numbers of 2 paragraphs are lost (format hebrew1); write them into the text"]


def test_tables_stand_where_they_are_read_and_layout_is_no_table(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("表前")
    table = document.add_table(2, 3)
    for cell, text in zip(
        (*table.rows[0].cells, *table.rows[1].cells), ("序号", "单位", "金额", "1", "一中", ""), strict=True
    ):
        cell.text = text
    table.rows[1].cells[1].merge(table.rows[1].cells[2])
    layout = document.add_table(1, 2)
    layout.cell(0, 1).text = "临川市教育局"
    layout.cell(0, 1).add_paragraph("2025年6月20日")
    document.add_paragraph("表后")
    read = text_of(document, tmp_path)[0]
    assert read == ["表前", "序号\t单位\t金额", "1\t一中", "临川市教育局", "2025年6月20日", "表后"]


def test_what_a_reader_does_not_see_is_left_out_and_what_he_sees_is_read(tmp_path: Path) -> None:
    document = Document()
    document.sections[0].header.paragraphs[0].text = "页眉"
    document.sections[0].footer.paragraphs[0].text = "— 1 —"
    paragraph = document.add_paragraph("拨付")
    for xml in (
        '<w:ins {ns} w:id="1" w:author="a"><w:r><w:t>50万元</w:t></w:r></w:ins>',
        '<w:del {ns} w:id="2" w:author="a"><w:r><w:delText>30万元</w:delText></w:r></w:del>',
        '<w:moveFrom {ns} w:id="3" w:author="a"><w:r><w:tab/><w:t>移走</w:t></w:r></w:moveFrom>',
        '<w:del {ns} w:id="4" w:author="a"><w:r><w:br/></w:r></w:del>',
        "<w:r {ns}><w:rPr><w:vanish/></w:rPr><w:t>批注</w:t></w:r>",
        '<w:r {ns}><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>。</w:t></w:r>',
        "<w:r {ns}><w:br/><w:t>另起</w:t><w:tab/><w:t>一行</w:t></w:r>",
        "<w:sdt {ns}><w:sdtContent><w:r><w:t>（控件）</w:t></w:r></w:sdtContent></w:sdt>",
        '<w:r {ns}><w:t>注</w:t><w:footnoteReference w:id="2"/></w:r>',
    ):
        paragraph._p.append(parse_xml(xml.format(ns=nsdecls("w"))))
    read, notices = text_of(document, tmp_path)
    assert read == ["拨付50万元。", "另起\t一行（控件）注"]
    assert notices == ["a.docx: footnotes left out: 1"]


def test_a_text_box_is_read_once(tmp_path: Path) -> None:
    """Word keeps each text box twice, the second time for versions before 2010."""
    document = Document()
    box = "<w:txbxContent><w:p><w:r><w:t>临川市人民政府文件</w:t></w:r></w:p></w:txbxContent>"
    space = (
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
    )
    xml = (
        f"<w:r {nsdecls('w')} {space}><mc:AlternateContent><mc:Choice Requires='wps'>{box}</mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    document.add_paragraph("")._p.append(parse_xml(xml))
    document.add_paragraph("正文")
    assert text_of(document, tmp_path)[0] == ["临川市人民政府文件", "正文"]


def test_what_is_no_docx_is_refused_with_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "b.docx"
    for content, expected in (
        (b"plain text", "b.docx: not a Word document; save it as .docx"),
        (b"", "b.docx: not a Word document; save it as .docx"),
        (
            b"\xd0\xcf\x11\xe0" + b"\0" * 600,
            "b.docx: an old .doc, or a .docx with a password; save it as .docx without one",
        ),
    ):
        bad.write_bytes(content)
        with pytest.raises(DataError) as caught:
            read_word(bad, "b.docx")
        assert str(caught.value) == expected
    with zipfile.ZipFile(bad, "w") as package:
        package.writestr("anything.txt", "x")
    with pytest.raises(DataError, match="not a Word document"):
        read_word(bad, "b.docx")


def test_a_damaged_docx_is_refused_with_one_line(tmp_path: Path) -> None:
    good, bad = tmp_path / "g.docx", tmp_path / "b.docx"
    Document().save(good)
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(bad, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"<w:document" if name == "word/document.xml" else old.read(name))
    with pytest.raises(DataError, match=r"^b\.docx: a damaged \.docx \(\w+\); open it in Word and save it anew$"):
        read_word(bad, "b.docx")
