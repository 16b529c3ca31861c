"""The composer: draws what a document needs from the material, with one random generator."""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from odw_harness.traindata.generate import figures
from odw_harness.traindata.generate.figures import Metric
from odw_harness.traindata.generate.material import Field, read
from odw_harness.traindata.generate.scenario import Item
from odw_harness.traindata.generate.world import Organ, day, make_world, people, person, phone, short_day, working_day

T = TypeVar("T")
NUMERALS = "一二三四五六七八九十"


class Composer:
    """Everything random about one document. year is that of its date."""

    def __init__(self, rng: random.Random, field: Field) -> None:
        self.rng = rng
        self.field = field
        self.world = make_world(rng)
        year = rng.randint(2020, 2026)
        self.today = working_day(date(year, rng.randint(2, 10), rng.randint(1, 28)))
        self.year = self.today.year
        self.stamp = day(self.today)
        self._used: dict[str, None] = {}

    # drawing

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return self.rng.choice(options)

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Different ones of the options, in a drawn order."""
        return self.rng.sample(options, min(count, len(options)))

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.rng.random() < share

    def say(self, key: str, **slots: Any) -> str:
        """One of the phrasings of a sentence function, filled in."""
        return str(self.pick(read("phrases.yaml")[key])).format(**slots)

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
        return found if found < self.today else found - timedelta(days=7)

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
        """Name and 代字 of a government above the organ that may have sent a document down."""
        if organ.place.endswith("县"):
            return f"{self.world.city}市人民政府", f"{self.world.city[0]}政发"
        return f"{self.world.province}省人民政府", f"{self.world.province[0]}政发"

    def number_of(self, organ: Organ, suffix: str = "", most: int = 160) -> str:
        """A 发文字号: 机关代字, year and number."""
        return f"{organ.code}{suffix}〔{self.year}〕{self.integer(2, most)}号"

    # text

    def why(self, count: int = 2) -> str:
        """A purpose: 为…，…，"""
        reasons = self.sample(self.field.why, count)
        lead = self.pick(("为", "为", "为进一步", "为切实"))
        return f"{lead}{'，'.join(reasons)}，"

    def metric(self, text: str) -> Metric:
        """Draw a metric."""
        return figures.draw(text, self.rng)

    def metrics(self, texts: Sequence[str], count: int) -> list[Metric]:
        """Draw several metrics, in their order."""
        chosen = sorted(self.rng.sample(range(len(texts)), min(count, len(texts))))
        return [self.metric(texts[index]) for index in chosen]

    def measures(self, count: int) -> list[tuple[str, str]]:
        """Different measures of the field: name and what to do, a sentence without its full stop."""
        return [(name, self.deed(name)) for name in self.sample(list(self.field.measures), count)]

    def deed(self, measure: str) -> str:
        """Two or three clauses of a measure."""
        clauses = self.field.measures[measure]
        chosen = sorted(self.rng.sample(range(len(clauses)), self.pick((2, 2, 3))))
        mark = self.pick(("，", "，", "；"))
        return mark.join(clauses[index] for index in chosen)

    def listing(self, pairs: Sequence[tuple[str, str]], level: str = "") -> list[str]:
        """Paragraphs of named points; level: 一 or （一） or 是 (in one paragraph), by default drawn."""
        level = level or self.pick(("一", "（一）", "是"))
        if level == "是":
            points = [f"{NUMERALS[i]}是{name}，{text}" for i, (name, text) in enumerate(pairs)]
            return [f"{'。'.join(points)}。"]
        marks = [f"{NUMERALS[i]}、" if level == "一" else f"（{NUMERALS[i]}）" for i in range(len(pairs))]
        return [f"{mark}{name}。{text}。" for mark, (name, text) in zip(marks, pairs, strict=True)]

    def sections(self, *parts: tuple[str, list[str]]) -> list[str]:
        """Paragraphs under headings 一、 二、 …; parts without paragraphs are left out."""
        lines: list[str] = []
        for number, (heading, paragraphs) in enumerate((part for part in parts if part[1]), 0):
            lines += [f"{NUMERALS[number]}、{heading}", *paragraphs]
        return lines

    # items

    @staticmethod
    def item(metric: Metric) -> Item:
        """The item of a metric."""
        return Item(metric.label, metric.value, metric.text, metric.spoken, metric.facts)

    def named(self, label: str, names: Sequence[str]) -> Item:
        """An item of a list of names (measures, tasks)."""
        listed = "、".join(names)
        count = len(names)
        return Item(
            label,
            listed,
            f"{label}{self.pick(('为', '包括', '有'))}{listed}{'' if count < 2 else self.pick(('', f'{NUMERALS[count - 1]}项'))}",
            f"{label}就写{listed}{'' if count < 2 else f'这{NUMERALS[count - 1]}条'}",
            tuple(names),
        )

    def upper(self, topic: str, organ: str, code: str, genre: str = "通知") -> Item:
        """A superior's document, with the point that is to be carried out. Its first fact is title and number."""
        title = f"《{organ}关于{topic}的{genre}》"
        number = f"{code}〔{self.year}〕{self.integer(3, 90)}号"
        cited = f"{title}（{number}）"
        point = f"第{NUMERALS[self.integer(1, 6)]}条"
        return Item("依据", cited, f"{cited}{point}对此作了部署", f"上级发了{cited}，{point}说的就是这件事", (title, number))
