"""What a card comes to, in words: what the judge can be trusted with and what not, by the thresholds below."""

from collections.abc import Iterator, Mapping, Sequence

from odw_harness.judgecheck.card import ALTERED, HEADLINE, NOTABLE, RULES, Cost, KindInfo, Row, Statement

TRUSTED = 0.95
"""Share of pairs that a judge must tell to be trusted with a kind, beside the references as well as beside what is as good
(Contrast.below_same), and of verdicts that must have a score."""
CHANCE = 0.5
"""A kind whose interval reaches down to this is not told apart from a coin."""
ENOUGH = 20
"""Pairs below which nothing is said of a kind: 20 of 20 leave an interval from 84 %."""
DRIFT = 0.25
"""Points: a mean further off is worth a sentence."""
FAR = 1.0
"""Points by which the reference's mean may be off the promised 8."""


def summary(judge: Row, baselines: Sequence[Row], cost: Cost, kinds: Mapping[str, KindInfo]) -> Iterator[Statement]:
    """The sentences on a judge, the overall one first."""
    if not cost.coverage:
        yield Statement(en="This judge gave no score.", zh="该评审未给出任何分数。")
        return
    yield from _overall(judge, kinds)
    yield from _worse(judge, kinds)
    yield from _altered(judge, baselines)
    yield from _same(judge, kinds)
    yield from _reference(judge)
    yield from _repeats(judge)
    if cost.coverage < TRUSTED:
        yield Statement(
            en=f"It leaves {1 - cost.coverage:.1%} of answers without a score.",
            zh=f"有 {1 - cost.coverage:.1%} 的答案未得到分数。",
        )


def _overall(judge: Row, kinds: Mapping[str, KindInfo]) -> Iterator[Statement]:
    if judge.headline is None:
        return
    lower = judge.headline.lower
    names = [kinds[name].title for name in HEADLINE if name in judge.kinds and judge.kinds[name].contrast]
    met = lower.share >= TRUSTED
    below = judge.headline.below_same
    yield Statement(
        en=f"Of {lower.of} pairs over {', '.join(names)} it scores the worse lower in {lower.share:.1%} "
        f"({lower.low:.1%} to {lower.high:.1%}): {'reaches' if met else 'short of'} the {TRUSTED:.0%} asked"
        + (f"; beside rewrites that are as good as the reference, in {below.share:.1%}." if below else "."),
        zh=f"在明显劣化的 {lower.of} 对文稿中，{lower.share:.1%} 的劣化稿得分更低"
        f"（95% 区间 {lower.low:.1%}～{lower.high:.1%}），{'达到' if met else '未达到'} {TRUSTED:.0%} 的要求"
        + (f"；与同等质量的改写稿相比，这一比例为 {below.share:.1%}。" if below else "。"),
    )


def _worse(judge: Row, kinds: Mapping[str, KindInfo]) -> Iterator[Statement]:
    groups: dict[str, list[tuple[str, str]]] = {"trusted": [], "change": [], "partly": [], "not": [], "few": []}
    for name, result in judge.kinds.items():
        if kinds[name].effect != "worse" or result.contrast is None:
            continue
        lower, below = result.contrast.lower, result.contrast.below_same
        shares = f"{lower.share:.0%}"
        if lower.of < ENOUGH:
            group = "few"
        elif lower.share < TRUSTED:
            group = "partly" if lower.low > CHANCE else "not"
        elif below is None or below.share >= TRUSTED:
            group = "trusted"
        else:
            group, shares = "change", f"{below.share:.1%}"
        groups[group].append((name, shares))
    for group, en, zh in (
        ("trusted", f"Trust it with (worse scored lower in at least {TRUSTED:.0%} of pairs):", "可以信赖："),
        (
            "change",
            "Told from the references, less surely from rewrites that are as good (share scored lower than those):",
            "能与参考答案区分，但与同等质量的改写稿区分不足（得分低于改写稿的比例）：",
        ),
        ("partly", "Better than chance, but not to be trusted:", "优于随机但不可信赖："),
        ("not", "Do not trust it with:", "不可信赖："),
        ("few", f"Too few pairs to say (under {ENOUGH}):", f"样本不足 {ENOUGH} 对，不作判断："),
    ):
        if groups[group]:
            yield Statement(en=f"{en} {_list(groups[group], kinds)}.", zh=f"{zh}{_list(groups[group], kinds, True)}。")


def _altered(judge: Row, baselines: Sequence[Row]) -> Iterator[Statement]:
    own = judge.kinds[ALTERED].contrast if ALTERED in judge.kinds else None
    for row in baselines:
        if row.scorer == RULES and own and (caught := row.kinds[ALTERED].caught):
            leave = min(own.lower.share, own.below_same.share if own.below_same else 1.0) < TRUSTED
            yield Statement(
                en=f"{'Leave altered figures to the rules' if leave else 'Altered figures are seen by the rules too'}: "
                f"they catch {caught.share:.1%} of {caught.of} cases ({caught.low:.1%} to {caught.high:.1%}).",
                zh=f"{'数字篡改应交由规则检查' if leave else '规则也能发现数字篡改'}：{caught.of} 例中发现 "
                f"{caught.share:.1%}（95% 区间 {caught.low:.1%}～{caught.high:.1%}）。",
            )


def _same(judge: Row, kinds: Mapping[str, KindInfo]) -> Iterator[Statement]:
    lost: list[tuple[str, str]] = []
    gained: list[tuple[str, str]] = []
    for name, result in judge.kinds.items():
        if (contrast := result.contrast) is None:
            continue
        shift = contrast.shift.mean
        if kinds[name].effect == "same" and (contrast.lost.share > 1 - TRUSTED or shift < -DRIFT):
            lost.append((name, f"{contrast.lost.share:.0%}, {shift:+.2f}"))
        if kinds[name].effect == "not_higher" and (contrast.gained.share > 1 - TRUSTED or shift > DRIFT):
            gained.append((name, f"{contrast.gained.share:.0%}, {shift:+.2f}"))
    if lost:
        yield Statement(
            en=f"Marks down what is as good (share losing over {NOTABLE} points, mean shift): {_list(lost, kinds)}.",
            zh=f"对同样好的文稿扣分（扣分超过 {NOTABLE} 分的比例，平均分差）：{_list(lost, kinds, True)}。",
        )
    if gained:
        yield Statement(
            en=f"Rewards what deserves nothing (share gaining over {NOTABLE} points, mean shift): {_list(gained, kinds)}.",
            zh=f"对不应加分的文稿加分（加分超过 {NOTABLE} 分的比例，平均分差）：{_list(gained, kinds, True)}。",
        )
    slope = judge.length_slope
    if slope and slope.slope > DRIFT:
        yield Statement(
            en=f"Prefers length: {slope.slope:+.2f} points for twice the length.",
            zh=f"偏好长文：长度翻倍加 {slope.slope:.2f} 分。",
        )


def _reference(judge: Row) -> Iterator[Statement]:
    if judge.reference and judge.from_promised is not None and abs(judge.from_promised) > FAR:
        yield Statement(
            en=f"Gives the references {judge.reference.mean:.2f} on average, where the rubric promises 8.",
            zh=f"参考答案平均得 {judge.reference.mean:.2f} 分，而评分标准约定为 8 分。",
        )


def _repeats(judge: Row) -> Iterator[Statement]:
    if judge.repeats is None:
        yield Statement(
            en="Agreement between repeats: not measured (repeats: 1).", zh="重复评分的一致性：未测量（repeats: 1）。"
        )
    elif judge.repeats.sd and judge.repeats.sd.mean > NOTABLE:
        yield Statement(
            en=f"Disagrees with itself: an answer's repeats have a standard deviation of {judge.repeats.sd.mean:.2f}.",
            zh=f"重复评分不一致：同一答案的标准差平均为 {judge.repeats.sd.mean:.2f} 分。",
        )


def _list(found: Sequence[tuple[str, str]], kinds: Mapping[str, KindInfo], chinese: bool = False) -> str:
    if chinese:
        return "、".join(f"{kinds[name].title_zh}（{figures}）" for name, figures in found)
    return ", ".join(f"{kinds[name].title} ({figures})" for name, figures in found)
