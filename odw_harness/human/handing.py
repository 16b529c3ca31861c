"""The files that graders and organiser are handed, in every form that was asked for, and which files a folder holds."""

import json
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from odw_harness.human import labelstudio
from odw_harness.human.form import form_page
from odw_harness.human.instructions import TITLE
from odw_harness.human.sheet import Sheet
from odw_harness.human.workbook import write_workbook

_README = """\
{title}（评分批次 {grading}）

怎么分发
每位评分人只给他自己的一份；下面几种形式任选其一，内容相同，不要重复评。
{forms}
　　答卷的编号是随机的，各人不同。编号与写作者的对照表（密钥，.key.json）不在本文件夹里，不要发给评分人。

怎么收回
评完的文件放回本文件夹（放在哪个子文件夹、叫什么名字都可以），然后运行：
　　odw human import <本文件夹>
可以陆续收、多次导入，结果相同。没有评的、填错的会逐一列出。压缩包须先解压。
同一网页先后保存的几个 .json 可以都放进来，每份答卷以最后一次改动为准；同一人的几个工作簿里分数不同的答卷不计入，请只留一个。
请勿改动编号、题目和答卷，也不要排序：改动过的文件会被整份退回。

评分人和份数
{graders}
"""
_FORMS = {
    "xlsx": "　　workbooks/　每人一个 .xlsx 工作簿，用 WPS 或 Excel 打开填写，保存后交回。",
    "html": "　　forms/　每人一个 .html 网页，用浏览器打开，不需要联网；评完后在网页里保存 .json 文件，交回这个 .json。",
    "label-studio": "　　label-studio/　Label Studio 项目（tasks.json 和 labelling.xml），由管理员导入，见其中的 README.txt；评完后导出 JSON。",
}
FORMATS = tuple(_FORMS)


def files(sheets: Sequence[Sheet], names: Sequence[str], formats: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Each file's path within the folder, and its content. names: of files, one for each sheet."""
    for sheet, name in zip(sheets, names, strict=True):
        if "xlsx" in formats:
            held = BytesIO()
            write_workbook(sheet, held)
            yield f"workbooks/{name}.xlsx", held.getvalue()
        if "html" in formats:
            yield f"forms/{name}.html", form_page(sheet).encode()
    if "label-studio" in formats:
        tasks = json.dumps(labelstudio.tasks(sheets), ensure_ascii=False, indent=1)
        yield "label-studio/tasks.json", f"{tasks}\n".encode()
        yield "label-studio/labelling.xml", labelstudio.configuration(sheets).encode()
        yield "label-studio/README.txt", _for_notepad(labelstudio.README)
    told = _README.format(
        title=TITLE,
        grading=sheets[0].grading,
        forms="\n".join(_FORMS[name] for name in formats),
        graders="\n".join(
            f"　　{sheet.grader}{'' if name == sheet.grader else f'（文件名 {name}）'}　{len(sheet.items)} 份"
            for sheet, name in zip(sheets, names, strict=True)
        ),
    )
    yield "README.txt", _for_notepad(told)


def files_under(folder: Path) -> list[Path]:
    """The files of a folder and those within it, in order, without what programs leave there unseen: ~$G01.xlsx, .DS_Store."""
    found = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [
        path
        for path in found
        if path.is_file()
        and not any(part.startswith((".", "~$", "__MACOSX")) for part in path.relative_to(folder).parts)
    ]


def _for_notepad(text: str) -> bytes:
    """As older editors under Windows read Chinese texts."""
    return text.replace("\n", "\r\n").encode("utf-8-sig")
