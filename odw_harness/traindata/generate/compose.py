"""The composer: draws what a document needs from the material, with one random generator."""

import math
import random
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from odw_harness.rules.finding import CN
from odw_harness.traindata.generate import figures
from odw_harness.traindata.generate.material import Field, read
from odw_harness.traindata.generate.scenario import Item, Scenario
from odw_harness.traindata.generate.world import (
    Organ,
    World,
    code_of,
    day,
    holiday,
    make_world,
    people,
    person,
    phone,
    short_day,
    working_day,
)

T = TypeVar("T")
COUNTS = "零一两三四五六"


class Composer:
    """Everything random about one document. year is that of its date."""

    def __init__(self, rng: random.Random, field: Field) -> None:
        self.rng = rng
        self.field = field
        self.world = make_world(rng)
        year = rng.randint(2020, 2025)
        self.today = working_day(date(year, rng.randint(2, 10), rng.randint(1, 28)))

    @property
    def year(self) -> int:
        """The year of the document's date."""
        return self.today.year

    @property
    def stamp(self) -> str:
        """The document's date as it is written."""
        return day(self.today)

    def redate(self, first: tuple[int, int], last: tuple[int, int]) -> None:
        """Draw the document's date anew, between two days (month, day) of a year; last may lie in the next one."""
        start = date(self.year, *first)
        end = date(self.year + (last < first), *last)
        self.today = working_day(start + timedelta(days=self.rng.randint(0, (end - start).days)))
        if self.today > end:  # last and the days before it are free
            self.today = working_day(self.today - timedelta(days=7), -1)

    # drawing

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return self.rng.choice(options)

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Different ones of the options, in a drawn order."""
        return self.rng.sample(options, min(count, len(options)))

    def in_order(self, options: Sequence[T], count: int) -> list[T]:
        """Different ones of the options, in their own order."""
        chosen = self.rng.sample(range(len(options)), min(count, len(options)))
        return [options[index] for index in sorted(chosen)]

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.rng.random() < share

    def say(self, key: str, **slots: Any) -> str:
        """One of the phrasings of a sentence function, filled in."""
        return str(self.pick(read("phrases.yaml")[key])).format(**slots)

    def pair(self, key: str) -> tuple[str, str]:
        """One of the phrasings that have two parts: a heading and its text, a problem and its remedy."""
        first, second = self.pick(read("phrases.yaml")[key])
        return first, second

    def opening(self, key: str, upper: Item | None, **slots: Any) -> str:
        """A phrasing that may follow 根据《…》要求，: then none that names a basis of its own."""
        phrases = [text for text in read("phrases.yaml")[key] if not (upper and text.startswith(("根据", "按照")))]
        return str(self.pick(phrases)).format(**slots)

    def law_of(self, matter: dict[str, Any]) -> str:
        """The law that a matter rests on: its own where it names one, else the field's."""
        return str(matter.get("law", self.field.law))

    def measure_of(self, rule: dict[str, str]) -> str:
        """A rule as a government's own (办法, 规定), not the people's congress's (条例)."""
        stem = rule["name"].removesuffix("条例")
        return rule["name"] if stem == rule["name"] else f"{stem}{'办法' if '管理' in stem else '管理办法'}"

    def parts_of_rule(self, count: int) -> list[str]:
        """What a rule is about: 职责分工, 监督检查 …, in the order in which rules have them."""
        parts: list[str] = read("phrases.yaml")["rule_parts"]
        return self.in_order(parts, count)

    def person(self) -> str:
        """A person's name."""
        return person(self.rng)

    def people(self, count: int) -> list[str]:
        """Names of different people."""
        return people(self.rng, count)

    def contact(self) -> tuple[str, str]:
        """A person and a number to call."""
        return person(self.rng), phone(self.rng)

    def integer(self, least: int, most: int) -> int:
        """A whole number."""
        return self.rng.randint(least, most)

    # time

    def later(self, least: int, most: int, since: date | None = None) -> date:
        """A working day that many days after another, by default after the document's date."""
        return working_day((since or self.today) + timedelta(days=self.rng.randint(least, most)))

    def earlier(self, least: int, most: int) -> date:
        """A working day before the document's date."""
        found = working_day(self.today - timedelta(days=self.rng.randint(least, most)))
        return found if found < self.today else working_day(found - timedelta(days=7), -1)

    def mirrored(self, value: date) -> date:
        """The working day that lies as far before the document's date as another after it, or the last one before."""
        return working_day(self.today - (value - self.today), -1)

    def event(self, first: date, days: int) -> tuple[date, date]:
        """First and last day of what begins on a day, or after the holiday that it would run into, and so long goes on."""
        while True:
            first = working_day(first)
            last = working_day(first + timedelta(days=days))
            if not any(holiday(first + timedelta(days=each)) for each in range((last - first).days)):
                return first, last
            first += timedelta(days=1)

    @staticmethod
    def next_day(value: date) -> date:
        """The day after."""
        return value + timedelta(days=1)

    def span(self, first: date, last: date) -> str:
        """2024年3月5日至4月8日; the year again where it changes."""
        return f"{day(first)}至{short_day(last) if first.year == last.year else day(last)}"

    def near(self, value: date) -> str:
        """A date without its year where that is the document's."""
        return short_day(value) if value.year == self.year else day(value)

    # organs

    def issuer(self, *levels: str) -> Organ:
        """An organ of the field: an institution where the field has them, else one of city or county.

        levels: city, county (a government), city bureau, county bureau.
        """
        if self.field.institutions:
            return self.world.institution(self.field, self.rng)
        return self.organ(self.pick(levels))

    def organ(self, level: str) -> Organ:
        """A government or a bureau of the field."""
        place, _, bureau = level.partition(" ")
        return self.world.bureau(self.field, place) if bureau else self.world.government(place)

    def superior(self, organ: Organ) -> tuple[str, str]:
        """Name and 代字 of an organ above this one that may have sent a document down."""
        sender = organ.up
        if not self.field.institutions:
            at_county = organ.place.endswith("县")
            sender = f"{self.world.city}市人民政府" if at_county else f"{self.world.province}省人民政府"
        return sender, f"{code_of(sender)}{self.pick(('发', '办发'))}"

    def campaign(self, name: str) -> str:
        """A campaign as what is 开展'd: names that say no action get 工作 or 专项行动."""
        return (
            name
            if name.endswith("行动") or (re.search("(?:检查|整治|清理|排查)$", name) and self.chance(0.5))
            else name + self.pick(("工作", "专项行动"))
        )

    @staticmethod
    def noun(policy: str) -> str:
        """What a policy is about, without its verb: 促进学前教育发展 → 学前教育发展."""
        return re.sub("^(?:推进|促进|加快|加强|支持|深化|发展)", "", policy)

    def elsewhere(self) -> World:
        """Another place."""
        return make_world(self.rng)

    def amount(self, span: str) -> int:
        """A whole number from a span of the material."""
        return int(figures.number(span, self.rng))

    def number_of(self, organ: Organ, suffix: str = "", most: int = 160) -> str:
        """A 发文字号: 机关代字, year and number."""
        return f"{organ.code}{suffix}〔{self.year}〕{self.serial(most)}号"

    def serial(self, most: int) -> int:
        """A document's number in its year: how far an organ that numbers at most so many a year has come by the date."""
        passed = self.today.timetuple().tm_yday / 366
        return math.ceil(self.integer(max(1, most // 4), most) * passed)

    # text

    def why(self, matter: dict[str, Any] | None = None) -> str:
        """A purpose: 为…，…，: the matter's own and perhaps a general one; without a matter two of the field's."""
        if matter is None:
            reasons = self.sample(self.field.why, 2)
        else:
            reasons = [matter["aim"], *([self.say("general_aim")] if self.chance(0.6) else [])]
        return f"{self.pick(('为', '为', '为进一步', '为切实'))}{'，'.join(reasons)}，"

    def metric(self, text: str) -> Item:
        """Draw a metric."""
        return figures.draw(text, self.rng)

    def metrics(self, texts: Sequence[str], count: int) -> list[Item]:
        """Draw several metrics, in their order."""
        return [self.metric(text) for text in self.in_order(texts, count)]

    def sections_with(self, section: str, more: int) -> list[tuple[str, dict[str, list[str]]]]:
        """A section of the field and that many others, in the field's order."""
        chosen = [section, *self.sample([name for name in self.field.sections if name != section], more)]
        return [(name, part) for name, part in self.field.sections.items() if name in chosen]

    def measures(self, matter: dict[str, Any], count: int) -> list[tuple[str, str]]:
        """Measures of a campaign, a policy or a section: name and what to do, a sentence without its full stop.

        Its own come first; the field's that suit it fill up.
        """
        own = matter.get("steps") or matter.get("tasks") or {}
        names = self.sample(list(own), count)
        names += self.sample(matter["by"], count - len(names))
        return [(name, self.deed(own[name] if name in own else self.field.measures[name])) for name in names]

    def deed(self, clauses: Sequence[str]) -> str:
        """Two or three clauses of a measure."""
        chosen = self.in_order(clauses, self.pick((2, 2, 3)))
        return self.pick(("，", "，", "；")).join(chosen)

    def extra(self, matter: dict[str, Any]) -> str:
        """What to do about a matter in the field's general words."""
        return self.deed(self.field.measures[self.pick(matter["by"])])

    def listing(self, pairs: Sequence[tuple[str, str]], level: str = "") -> list[str]:
        """Paragraphs of named points; level: 一 or （一） or 是 (in one paragraph), by default drawn."""
        level = level or self.pick(("一", "（一）", "是"))
        if level == "是":
            points = [f"{CN[i]}是{name}，{text}" for i, (name, text) in enumerate(pairs)]
            return [f"{'。'.join(points)}。"]
        marks = [f"{CN[i]}、" if level == "一" else f"（{CN[i]}）" for i in range(len(pairs))]
        return [f"{mark}{name}。{text}。" for mark, (name, text) in zip(marks, pairs, strict=True)]

    def sections(self, *parts: tuple[str, list[str]]) -> list[str]:
        """Paragraphs under headings 一、 二、 …; parts without paragraphs are left out."""
        lines: list[str] = []
        for number, (heading, paragraphs) in enumerate((part for part in parts if part[1]), 0):
            lines += [f"{CN[number]}、{heading}", *paragraphs]
        return lines

    # items

    def named(self, label: str, names: Sequence[str]) -> Item:
        """An item of a list of names (measures, tasks)."""
        listed, count = "、".join(names), len(names)
        closing = f"{COUNTS[count]}项" if count > 1 and self.chance(0.5) else ""
        spoken = f"这{COUNTS[count]}条" if count > 1 else ""
        text = f"{label}{self.pick(('为', '包括', '是'))}{listed}{closing}"
        return Item(label, listed, text, f"{label}就写{listed}{spoken}", tuple(names))

    @staticmethod
    def section_item(name: str, metrics: Sequence[Item]) -> Item:
        """The item of a section's figures."""
        text, spoken = "，".join(metric.text for metric in metrics), "，".join(metric.spoken for metric in metrics)
        facts = tuple(fact for metric in metrics for fact in metric.facts)
        return Item(name, text, f"{name}方面，{text}", f"{name}这块，{spoken}", facts)

    def upper(self, topic: str, organ: Organ, measure: str, genre: str = "通知") -> Item:
        """A superior's document and the point of it that is to be carried out; its facts begin with title and number."""
        sender, code = self.superior(organ)
        title, number = f"《{sender}关于{topic}的{genre}》", f"{code}〔{self.year}〕{self.serial(90)}号"
        cited, point = f"{title}（{number}）", f"第{CN[self.integer(1, 6)]}条"
        return Item(
            "依据",
            f"{cited}{point}“{measure}”",
            f"{cited}{point}要求“{measure}”",
            f"上级发了{cited}，{point}要求“{measure}”",
            (title, number, measure),
        )

    def basis(self, upper: Item | None) -> str:
        """根据《…》（…）要求， or nothing without a superior's document."""
        if upper is None:
            return ""
        cited = f"{upper.facts[0]}（{upper.facts[1]}）"
        return self.pick((f"根据{cited}要求，", f"按照{cited}部署，", f"根据{cited}精神，", f"按照{cited}要求，"))

    # the document

    def issued(self, genre: str, organ: Organ, title: str, body: list[str], items: list[Item], **more: Any) -> Scenario:
        """A document that its organ heads, in the title, and signs. title: without the organ."""
        name = organ.name
        return Scenario(genre, f"{name}{title}", (name,), self.stamp, body, items, signature=(name,), **more)
