"""The material of the generator is wide, whole and in order, and the figures drawn from it agree."""

import random
import re
from datetime import date

import pytest
import yaml

from odw_harness.traindata.generate import generate
from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.figures import divide, draw
from odw_harness.traindata.generate.material import Field, fields, read
from odw_harness.traindata.generate.world import make_world, person, working_day

METRICS = [
    metric
    for field in fields()
    for metrics in (
        *(part["metrics"] for part in field.sections.values()),
        *([*campaign["results"], campaign["scope"]] for campaign in field.campaigns),
        *(project["scale"] for project in field.projects),
        *([*policy["targets"], *policy["survey"], policy["support"]] for policy in field.policies),
    )
    for metric in metrics
]


def matters(field: Field) -> list[str]:
    named = [*field.campaigns, *field.projects, *field.policies, *field.rules]
    return [matter["name"] for matter in named] + field.trainings + [notice["title"] for notice in field.notices]


def test_there_are_many_fields_and_matters() -> None:
    names = [name for field in fields() for name in matters(field)]
    assert len(fields()) >= 15
    assert len(set(names)) >= 200
    assert len({field.name for field in fields()}) == len(fields())


def test_there_are_many_organs_of_several_levels_and_kinds() -> None:
    rng = random.Random(0)
    titles = {pair.output for pair in generate(400, 0)}
    signed = {
        line for text in titles for line in text.split("\n")[-3:] if re.search("(?:府|局|委员会|公司|学|院|部)$", line)
    }
    assert len(signed) >= 150
    for kind in ("市人民政府", "县人民政府", "局", "公司", "大学", "医院", "组织部"):
        assert any(organ.endswith(kind) for organ in signed), kind
    assert len({make_world(rng).city for _ in range(300)}) >= 25


@pytest.mark.parametrize("field", fields(), ids=lambda field: field.name)
def test_a_field_is_whole(field: Field) -> None:
    assert bool(field.organ and field.code) != bool(field.institutions)
    assert len(field.measures) >= 5
    assert all(len(clauses) == 4 for clauses in field.measures.values())
    assert len(field.offices) >= 4
    assert len(field.why) >= 5
    assert len(field.sections) == 3
    for campaign in field.campaigns:
        assert campaign["office"] in field.offices
        assert len(campaign["results"]) == 4
        assert len(campaign["steps"]) >= 2
        assert len(campaign["problem"]) == 2
        assert campaign["aim"]
    for policy in field.policies:
        assert len(policy["tasks"]) == 3
        assert len(policy["targets"]) == 2
        assert len(policy["problems"]) == 2
        assert policy.get("office") in (field.offices if field.institutions else [None])
    for matter in (*field.campaigns, *field.notices):
        assert re.fullmatch("(?:《[^《》]+》)?", matter.get("law", field.law))
    for project in field.projects:
        assert project["office"] in field.offices
        assert len(project["need"]) == 2
        assert len(project["uses"]) == 3
    for matter in (*field.campaigns, *field.policies, *field.sections.values()):
        assert set(matter["by"]) <= set(field.measures)


def test_each_sentence_function_has_at_least_six_wordings() -> None:
    for name in ("phrases.yaml", "ask.yaml"):
        for key, wordings in read(name).items():
            texts = [yaml.safe_dump(wording, allow_unicode=True) for wording in wordings]
            assert len(set(texts)) >= 5, key
            assert len(wordings) >= 6, key


@pytest.mark.parametrize("text", METRICS)
def test_a_metric_states_its_figures_in_every_form(text: str) -> None:
    for seed in range(3):
        metric = draw(text, random.Random(seed))
        for form in (metric.text, metric.value, metric.spoken):
            assert all(fact in form for fact in metric.facts), (form, metric.facts)
        assert metric.facts
        assert metric.label in metric.text


def test_a_share_is_less_than_its_whole_and_its_rate_is_right() -> None:
    for seed in range(50):
        whole, part, rate = draw("发现隐患 完成整改 整改率 处 20-900 88-99", random.Random(seed)).facts
        ratio = int(part.removesuffix("处")) / int(whole.removesuffix("处"))
        assert ratio < 1
        assert rate == f"{ratio * 100:.1f}%"


def test_a_target_is_beyond_the_present() -> None:
    for field in fields():
        for policy in field.policies:
            for text in policy["targets"]:
                figures = re.findall(r"\d+\.?\d*", draw(text, random.Random(1)).text)
                assert float(figures[0]) < float(figures[1]), text


def test_parts_are_positive_different_and_make_up_the_total() -> None:
    for seed in range(100):
        parts = divide(137, 3, random.Random(seed))
        assert sum(parts) == 137
        assert min(parts) > 0
        assert len(set(parts)) == 3


def test_a_person_has_a_surname_and_a_name() -> None:
    assert all(2 <= len(person(random.Random(seed))) <= 3 for seed in range(100))


@pytest.mark.parametrize(("first", "last"), [((11, 20), (12, 31)), ((12, 20), (2, 5)), ((6, 10), (7, 10))])
def test_a_date_drawn_anew_is_a_working_day_between_its_days(first: tuple[int, int], last: tuple[int, int]) -> None:
    for seed in range(400):
        composer = Composer(random.Random(seed), fields()[0])
        year = composer.year
        composer.redate(first, last)
        assert date(year, *first) <= composer.today <= date(year + (last < first), *last)
        assert composer.today == working_day(composer.today)


@pytest.mark.parametrize(
    ("given", "after", "before"),
    [
        (date(2025, 1, 29), date(2025, 2, 5), date(2025, 1, 27)),  # 春节
        (date(2022, 10, 6), date(2022, 10, 10), date(2022, 9, 30)),  # 国庆, then a weekend
        (date(2023, 5, 3), date(2023, 5, 8), date(2023, 4, 28)),  # 五一, a weekend on both sides
        (date(2020, 6, 25), date(2020, 6, 26), date(2020, 6, 24)),  # 端午
        (date(2024, 3, 6), date(2024, 3, 6), date(2024, 3, 6)),
        (date(2021, 4, 5), date(2021, 4, 6), date(2021, 4, 2)),  # 清明 fell on a Sunday
        (date(2022, 1, 3), date(2022, 1, 4), date(2021, 12, 31)),  # 元旦 fell on a Saturday
    ],
)
def test_a_working_day_is_no_weekend_and_no_holiday(given: date, after: date, before: date) -> None:
    assert (working_day(given), working_day(given, -1)) == (after, before)


def test_an_event_begins_after_the_holiday_that_it_would_run_into() -> None:
    composer = Composer(random.Random(0), fields()[0])
    assert composer.event(date(2024, 4, 29), 3) == (date(2024, 5, 6), date(2024, 5, 9))
    assert composer.event(date(2024, 3, 7), 2) == (date(2024, 3, 7), date(2024, 3, 11))


def test_a_count_that_is_no_area_is_never_extended() -> None:
    texts = {draw("公共充电桩 个 620-1600 > 2600-5800", random.Random(seed)).text for seed in range(30)}
    assert not [text for text in texts if "扩大" in text]


def test_a_figure_is_not_told_twice_in_one_document() -> None:
    for field in fields():
        sections = {metric.split()[0] for part in field.sections.values() for metric in part["metrics"]}
        for policy in field.policies:
            targets = {target.split()[0] for target in policy["targets"]}
            assert not sections & targets
            for metric in policy["survey"]:
                assert not [target for target in targets if metric.split()[0].endswith(target)]
