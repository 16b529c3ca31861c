"""The instruction to a document, drafted from its elements without a model, in several styles.

Every style gives every element and every fact; they differ in how a person would say it.
"""

import hashlib
import random
from collections.abc import Callable

from odw_harness.traindata.elements import Elements, elements_of, not_given

Wording = Callable[[Elements, random.Random], str]


def draft(text: str, seed: int, genre: str | None = None) -> tuple[str, str, Elements]:
    """An instruction to a document: style, instruction, elements. The same for the same text and seed."""
    elements = elements_of(text, genre)
    rng = random.Random(hashlib.sha256(f"{seed}\0{text}".encode()).digest())
    style = rng.choice(list(STYLES))
    instruction = STYLES[style](elements, rng)
    if left := not_given(elements.facts, instruction):
        instruction += f"\n文中还须写明：{'、'.join(left)}。"
    return style, instruction, elements


def _kind(elements: Elements) -> str:
    return elements.genre or "文稿"


def _by(elements: Elements) -> str:
    return "、".join(elements.issuers)


def _formal(elements: Elements) -> list[str]:
    """The elements that stand on lines of their own, each as `name + value`."""
    to = "称呼" if elements.salutation else "主送"
    named = (
        ("版头", "、".join(elements.marks)),
        (to, elements.recipient),
        ("发文字号", elements.doc_number),
        ("签发人", elements.signatory),
        ("署名", elements.signed_by),
        ("成文日期", elements.date),
    )
    return [f"{name}{value}" for name, value in named if value]


def _attached(elements: Elements) -> str:
    names = elements.attachments
    return f"附件{len(names)}个：{'、'.join(names)}（只写附件说明）" if names else ""


def _facts(elements: Elements, rng: random.Random) -> str:
    kind, matter, by = _kind(elements), elements.matter, _by(elements)
    named = rng.choice(
        (
            f"请以{by}名义起草一份{kind}，标题为“{elements.title}”。" if by else f"请起草“{elements.title}”。",
            f"请为{by}撰写{kind}，事由为“{matter}”。" if by else f"请撰写一份{kind}，事由为“{matter}”。",
            f"{by}需要就“{matter}”制发一份{kind}，请拟稿。" if by else f"请就“{matter}”拟写{kind}。",
        )
    )
    parts = [
        f"{'，'.join(_formal(elements))}。" if _formal(elements) else "",
        f"{rng.choice(('有关情况：', '材料：', '已定内容：'))}{'；'.join(elements.material)}。"
        if elements.material
        else "",
        f"正文依次写{'、'.join(elements.outline)}。" if elements.outline else "",
        f"{_attached(elements)}。" if elements.attachments else "",
    ]
    return named + "".join(parts)


def _points(elements: Elements, rng: random.Random) -> str:
    mark = rng.choice(("- ", "· ", "* "))
    opening = rng.choice(("请按下列要点起草", "根据以下要点写", "要点如下，请据此撰写"))
    by = f"，发文机关{_by(elements)}" if elements.issuers else ""
    points = [f"标题：{elements.title}", *_formal(elements), *elements.material]
    points += [f"结构：{'、'.join(elements.outline)}"] if elements.outline else []
    points += [_attached(elements)] if elements.attachments else []
    return f"{opening}一份{_kind(elements)}{by}：\n" + "\n".join(mark + point for point in points)


def _colloquial(elements: Elements, rng: random.Random) -> str:
    kind, by = _kind(elements), _by(elements)
    opening = rng.choice(("帮我写个", "麻烦写一份", "急用，给写个", "能不能帮忙弄一份"))
    said = [f"{opening}{kind}", f"题目就叫{elements.title}"]
    said += [f"是{by}发的"] if by else []
    if elements.recipient:
        said.append(f"开头称呼{elements.recipient}" if elements.salutation else f"发给{elements.recipient}")
    said += [f"版头写{'、'.join(elements.marks)}"] if elements.marks else []
    said += [f"文号{elements.doc_number}"] if elements.doc_number else []
    said += [f"签发人是{elements.signatory}"] if elements.signatory else []
    said += [f"由{elements.signed_by}署名"] if elements.signed_by else []
    said += [f"日期写{elements.date}"] if elements.date else []
    text = "，".join(said) + "。"
    if elements.material:
        text += (
            rng.choice(("情况大概是这样：", "这些都得写进去：", "手头的材料就这些："))
            + "；".join(elements.material)
            + "。"
        )
    if elements.outline:
        text += f"分{'、'.join(elements.outline)}这几块来写。"
    if elements.attachments:
        text += f"后面带上附件：{'、'.join(elements.attachments)}，只列名字。"
    return text


def _form(elements: Elements, rng: random.Random) -> str:
    left, right = rng.choice((("【", "】"), ("", "：")))
    fields = [
        ("文种", _kind(elements)),
        ("标题", elements.title),
        ("发文机关", _by(elements)),
        ("版头", "、".join(elements.marks)),
        ("称呼" if elements.salutation else "主送机关", elements.recipient),
        ("发文字号", elements.doc_number),
        ("签发人", elements.signatory),
        ("署名", elements.signed_by),
        ("成文日期", elements.date),
        ("结构", "、".join(elements.outline)),
        ("附件", "、".join(elements.attachments)),
    ]
    lines = [f"{left}{name}{right}{value}" for name, value in fields if value]
    if elements.material:
        lines.append(f"{left}材料{right}")
        lines += [f"（{number}）{part}。" for number, part in enumerate(elements.material, 1)]
    return f"{rng.choice(('请按表内信息拟写全文。', '根据下表拟稿。'))}\n" + "\n".join(lines)


STYLES: dict[str, Wording] = {"facts": _facts, "points": _points, "colloquial": _colloquial, "form": _form}
"""By name: a paragraph, a list, how it is said across a desk, a form that was filled in."""
