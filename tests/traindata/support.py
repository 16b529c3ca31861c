"""Documents for the tests: fresh ones, in no way those of the questions."""

import json
from pathlib import Path
from typing import Any

from odw_harness.traindata.pair import Pair

NOTICE = """临教发〔2025〕7号
临川市教育局关于做好2025年暑期防溺水工作的通知
各县（区）教育局，市直各学校：
为切实做好暑期防溺水工作，现将有关事项通知如下：
一、排查水域
（一）由临川市水利局牵头，7月10日前完成全市63处重点水域排查。
（二）投入36.5万元，增设警示牌412块。
二、工作要求
各学校要按照《防溺水工作指引》逐班开展教育，参加家长不少于2万人。
联系人：江若木，联系电话：0000-5566778。
特此通知。
附件：1.重点水域清单
2.家访登记表
临川市教育局
2025年6月20日"""

LETTER = """临水函〔2025〕16号
临川市水利局关于商请协助开展河道测量的函
南浦市水利局：
因编制河道治理规划需要，我局拟于2025年9月对两市交界河段开展测量，全长27.4公里。现商请贵局协助提供2023年测量成果，并指派1名联络员。
请于8月15日前函复。
特此函商。
临川市水利局
2025年7月28日"""


def pair(number: int, genre: str = "通知", output: str = "", document: str = "") -> Pair:
    document = document or f"d{number}"
    return Pair(
        f"{document}-{number}", document, genre, "facts", f"请写第{number}份", output or f"第{number}份文件的全文"
    )


def lines(path: Path, *rows: Any) -> Path:
    texts = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path
