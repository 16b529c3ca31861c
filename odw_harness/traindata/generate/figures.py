"""Metrics: a label with figures that agree with each other.

The small language of the YAML files, its parts divided by blanks:

    检查企业 家 60-320                            a count or a rate
    粮食产量 万吨 80.0-160.0 +1.0-6.0              and its change on the year before (- may fall as well as rise)
    发现隐患 完成整改 整改率 处 200-900 88-98      a whole, a part of it and the share in per cent
    持证率 % 60-75 > 80-95                         from today's value to a target
    投入资金 万元 800-4000 = 省级 市级              a total and its parts
"""

import random
import re
from collections.abc import Sequence

from odw_harness.traindata.generate.scenario import Item

_VERBS = (
    "检查|排查|巡查|清查|抽查|核查|走访|摸排|筛查|帮扶|发现|受理|查处|培训|组织|开展|举办|新增|新建|"
    "投入|治理|整治|清理|清退|清运|拆除|更换|更新|更改|安装|配备|增设|设置|发放|约谈|责令|追回|追发|"
    "减免|收回|关停|立案|出动|修订|完善|迁移|节约|发布|改造|招聘|资助|登记|管理|建立|归集|接入|上线|"
    "监测|收缴|盘活|处理|退还|规范|转移|减排|开发|纳入|征缴|检测|收购|轮换|销售|抢修|处置|督办|调解|"
    "修复|编制|征集|接收|数字化|整理|接待|服务|评选|发展|选派|慰问|建成|种植|推广|救助|签约|铺设|维修|"
    "加装|回访|抽检|抽样|下达|召回|播种|造林|完成|配置|提供|覆盖|布设|扩充|加固|改建|改善|储备|惠及|"
    "带动|添置|扩建|规划用地|购置|存放|汇聚|硬化|配建|卸载|查验|劝导|免疫|扦取|清点|报废|补充|调整|"
    "采集|提起|签订|整顿|解决|轮训|立项|授权|引进|到账|挽回|维护|出土|移交|备案|复查|复核|监督|组建|"
    "管护|备足|悬挂|恢复|腾空|委托|检定|增开|试点|建设|年节约|在线归档|对"
)
_VERB = re.compile(rf"^(?:{_VERBS})")


def draw(text: str, rng: random.Random) -> Item:
    """Draw the figures of a metric; they are the item's facts."""
    parts = text.split()
    if ">" in parts:
        return _target(parts, rng)
    if "=" in parts:
        return _split(parts, rng)
    if len(parts) == 6:
        return _share(parts, rng)
    label, unit, span, *change = parts
    value = f"{number(span, rng)}{unit}"
    if change:
        return _change(label, value, change[0], rng)
    if _VERB.match(label):
        return Item(label=label, value=value, text=f"{label}{value}", spoken=f"{label}一共{value}", facts=(value,))
    link = rng.choice(("为", "达到", "")) if unit[0] in "%‰" else rng.choice(("为", ""))
    return Item(label=label, value=value, text=f"{label}{link}{value}", spoken=f"{label}是{value}", facts=(value,))


def number(span: str, rng: random.Random) -> str:
    """A number from a span such as 60-320 or 1.5-6.8, with as many decimals as the span has.

    Large whole numbers are seldom round: 3417, not 3400.
    """
    least, most = span.split("-")
    decimals = len(least.partition(".")[2])
    value = rng.uniform(float(least), float(most))
    return f"{value:.{decimals}f}" if decimals else str(round(value))


def _change(label: str, value: str, change: str, rng: random.Random) -> Item:
    rate = f"{number(change[1:], rng)}%"
    if rate in ("0%", "0.0%"):
        rate = "1.3%"
    word = "下降" if change[0] == "-" and rng.random() < 0.7 else "增长"
    return Item(
        label=label,
        value=f"{value}，比上年{word}{rate}",
        text=f"{label}{'' if _VERB.match(label) else rng.choice(('为', ''))}{value}，比上年{word}{rate}",
        spoken=f"{label}是{value}，比上年{word}{rate}",
        facts=(value, f"{word}{rate}"),
    )


def _share(parts: list[str], rng: random.Random) -> Item:
    label, done, rate, unit, span, share = parts
    whole = int(number(span, rng))
    part = min(whole - 1, round(whole * rng.uniform(*map(float, share.split("-"))) / 100))
    percent = f"{part / whole * 100:.1f}%"
    text = f"{label}{whole}{unit}，{done}{part}{unit}，{rate}{percent}"
    return Item(
        label=label,
        value=text,  # with the label: the figures after the first have labels of their own
        text=text,
        spoken=f"{label}{whole}{unit}，已经{done}{part}{unit}，{rate}{percent}",
        facts=(f"{whole}{unit}", f"{part}{unit}", percent),
    )


def _target(parts: list[str], rng: random.Random) -> Item:
    label, unit, now, _, then = parts
    first, last = f"{number(now, rng)}{unit}", f"{number(then, rng)}{unit}"
    verb = "提高到" if unit == "%" else rng.choice(("增加到", "增加到", "扩大到"))
    if verb == "扩大到" and not unit.endswith(("亩", "公顷", "平方米", "平方公里")):
        verb = "增加到"
    change = f"由{first}{verb}{last}"
    return Item(
        label=label,
        value=change,
        text=f"{label}{change}",
        spoken=f"{label}现在是{first}，要{verb}{last}",
        facts=(first, last),
    )


def _split(parts: list[str], rng: random.Random) -> Item:
    label, unit, span, _, *names = parts
    total = int(number(span, rng))
    values = divide(total, len(names), rng)
    value = f"{total}{unit}，其中{itemised(names, values, unit)}"
    return Item(
        label=label,
        value=value,
        text=f"{label}{value}",
        spoken=f"{label}{total}{unit}，{itemised(names, values, unit, '，')}",
        facts=(f"{total}{unit}", *(f"{value}{unit}" for value in values)),
    )


def divide(total: int, count: int, rng: random.Random) -> list[int]:
    """Parts of a total, each at least a sixth of an even share, mostly of two digits at least."""
    while True:
        weights = [rng.uniform(0.6, 2.0) for _ in range(count)]
        parts = [round(total * weight / sum(weights)) for weight in weights[:-1]]
        parts.append(total - sum(parts))
        if min(parts) > 0 and len({*parts, total}) == count + 1:
            return parts


def itemised(names: Sequence[str], values: Sequence[int], unit: str = "万元", mark: str = "、") -> str:
    """Parts with their names: 省级300万元、市级200万元."""
    return mark.join(f"{name}{value}{unit}" for name, value in zip(names, values, strict=True))
