"""What a document of the generator says agrees with itself: dates in order, figures that go together, who does what."""

import random
import re
from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest

from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.genres import business, level, meeting, orders, public
from odw_harness.traindata.generate.material import fields
from odw_harness.traindata.generate.scenario import Scenario

SEEDS = range(12)


def dates(text: str) -> list[date]:
    return [date(*map(int, found)) for found in re.findall(r"(\d{4})年(\d{1,2})月(\d{1,2})日", text)]


def notices(label: str) -> Iterator[tuple[Scenario, dict[str, list[date]]]]:
    """Every 公告 and 通告 with an item of that name, several times, with the dates of its items."""
    for field in fields():
        for notice in field.notices:
            if label in dict(notice["items"]):
                for seed in SEEDS:
                    scenario = public.announcement(Composer(random.Random(seed), field), notice)
                    yield scenario, {item.label: dates(item.value) for item in scenario.items}


@pytest.mark.parametrize(
    ("closed", "open_again"),
    [("暂停时间", "恢复日期"), ("封闭时间", "恢复通车日期")],
)
def test_what_was_closed_opens_on_the_day_after(closed: str, open_again: str) -> None:
    seen = 0
    for scenario, of in notices(open_again):
        assert (of[open_again][0] - of[closed][1]).days == 1, scenario.body
        seen += 1
    assert seen >= len(SEEDS)


@pytest.mark.parametrize(("ban", "cleared"), [("禁采期限", "设备撤离期限"), ("禁渔期", "网具清理截止日期")])
def test_gear_is_gone_before_a_ban_begins(ban: str, cleared: str) -> None:
    for scenario, of in notices(ban):
        assert dates(scenario.date)[0] < of[cleared][0] < of[ban][0] < of[ban][1], scenario.body


@pytest.mark.parametrize("past", ["抽查时间", "核查时间"])
def test_what_has_been_done_lies_before_the_document(past: str) -> None:
    for scenario, of in notices(past):
        assert of[past][0] < of[past][1] < dates(scenario.date)[0], scenario.body


def test_what_lasted_over_a_holiday_has_a_first_and_a_last_day() -> None:
    market = next(field for field in fields() if field.name == "市场监管")
    notice = next(each for each in market.notices if each["title"] == "产品质量监督抽查结果")
    for seed in range(300):
        composer = Composer(random.Random(seed), market)
        composer.today = date(2023, 10, 23)
        (told,) = (item for item in public.announcement(composer, notice).items if item.label == "抽查时间")
        first, last = re.findall(r"(\d+)月(\d+)日", told.value)
        assert first != last, told.value


def test_a_plan_does_not_aim_at_less_than_it_covers() -> None:
    seen = 0
    for field in fields():
        whole = {metric.split()[0] for part in field.sections.values() for metric in part["metrics"]}
        for policy in field.policies:
            for seed in SEEDS:
                scenario = business.plan(Composer(random.Random(seed), field), policy)
                aims = re.findall(r"([\u4e00-\u9fff]+)\d", scenario.items[0].value)
                covered = re.findall(r"覆盖([\u4e00-\u9fff、，]+?)\d", "".join(item.text for item in scenario.items))
                assert len(covered) == 1
                assert not [aim for aim in aims if aim.endswith(covered[0][-2:]) and aim not in whole], scenario.body
                seen += 1
    assert seen > 300


def test_who_does_not_own_a_matter_only_helps() -> None:
    for field in fields():
        for campaign in field.campaigns:
            for seed in SEEDS:
                scenario = meeting.campaign_minutes(Composer(random.Random(seed), field), campaign)
                owners = re.findall(r"由([^，。]+?)负责", "\n".join(scenario.body))
                helpers = re.findall(r"负责，([^，。]+?)配合", "\n".join(scenario.body))
                assert not set(owners) & set(helpers), scenario.body
                assert len(set(owners)) <= 2, scenario.body


def test_only_a_city_drafts_a_law_of_its_own() -> None:
    seen = set()
    for field in fields():
        makers = [level.comment_letter] if field.institutions else [level.comment_letter, level.comment_reply]
        for rule, maker, seed in product(field.rules, makers, SEEDS):
            for place, kind in re.findall(
                r"《([^《》]{2,3}?[市县])[^《》]*?(条例|办法|规定)（征求意见稿）",
                maker(Composer(random.Random(seed), field), rule).title,
            ):
                seen.add((place[-1], kind))
    assert ("市", "条例") in seen
    assert ("县", "办法") in seen
    assert ("县", "条例") not in seen


def test_names_for_a_meeting_are_due_before_it() -> None:
    for seed in range(300):
        field = fields()[0]
        scenario = orders.meeting_notice(Composer(random.Random(seed), field), field.campaigns[0])
        own, held = dates(scenario.date)[0], dates(scenario.items[0].value)[0]
        month, day = map(int, re.findall(r"\d+", scenario.items[-1].value)[-2:])
        due = date(own.year + (month < own.month), month, day)
        assert own < due < held, scenario.body


def test_a_document_rests_on_the_law_of_its_matter() -> None:
    civil = next(field for field in fields() if field.name == "民政")
    notice = next(each for each in civil.notices if each["title"] == "注销部分社会组织登记")
    told = "".join(
        "".join(public.announcement(Composer(random.Random(seed), civil), notice).body) for seed in range(20)
    )
    assert "《社会团体登记管理条例》" in told
    assert "老年人权益保障法" not in told


@pytest.mark.parametrize(
    ("on", "least", "most"), [(date(2024, 1, 8), 1, 4), (date(2024, 7, 1), 20, 80), (date(2024, 12, 31), 40, 160)]
)
def test_documents_are_numbered_through_the_year(on: date, least: int, most: int) -> None:
    composer = Composer(random.Random(0), fields()[0])
    composer.today = on
    drawn = [composer.serial(160) for _ in range(2000)]
    assert (min(drawn), max(drawn)) == (least, most)


def test_the_unit_whose_matter_a_policy_is_leads() -> None:
    seen = 0
    for field in fields():
        for policy in field.policies:
            for seed in SEEDS:
                scenario = orders.opinion(Composer(random.Random(seed), field), policy)
                duty = next(item for item in scenario.items if item.label == "责任分工")
                assert re.match(f"由[市县]?{policy.get('office') or field.organ}牵头，", duty.value), duty.value
                seen += 1
    assert seen > 300
