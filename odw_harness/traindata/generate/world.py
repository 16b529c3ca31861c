"""Where a document plays: invented places, organs and people, and the calendar."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from odw_harness.traindata.generate.guard import known
from odw_harness.traindata.generate.material import Field, read


@dataclass(frozen=True)
class Organ:
    """An organ that writes or receives documents.

    short: its name within its place. me: how it calls itself (我局). code: 机关代字. area: what it looks after (全市).
    head: title of its head. up: its superior's full name. down: 主送机关 of what it sends to subordinates.
    """

    name: str
    short: str
    me: str
    code: str
    area: str
    place: str
    head: str
    up: str
    down: str

    @property
    def you(self) -> str:
        """How an equal addresses it (贵局)."""
        return "贵" + self.me[1:]

    @property
    def thou(self) -> str:
        """How a superior addresses it (你局)."""
        return "你" + self.me[1:]


@dataclass(frozen=True)
class World:
    """The places of one document."""

    province: str
    city: str
    other_city: str
    county: str
    other_county: str
    towns: tuple[str, ...]
    roads: tuple[str, ...]
    river: str

    def government(self, level: str) -> Organ:
        """The people's government of the city or the county."""
        if level == "city":
            place, up = f"{self.city}市", f"{self.province}省"
            down = "各县（市、区）人民政府，市政府各部门、各直属机构"
        else:
            place, up = f"{self.county}县", f"{self.city}市"
            down = "各乡镇人民政府、街道办事处，县政府各部门"
        kind = place[-1]
        return Organ(
            name=f"{place}人民政府",
            short=f"{kind}人民政府",
            me=f"我{kind}",
            code=f"{place[0]}政",
            area=f"全{kind}",
            place=place,
            head=f"{kind}长",
            up=f"{up}人民政府",
            down=down,
        )

    def bureau(self, field: Field, level: str, other: bool = False) -> Organ:
        """The department of a field in the city or the county; other: that of the neighbouring one."""
        return self._department(field.organ, field.code, level, other)

    def _department(self, organ: str, code: str, level: str, other: bool) -> Organ:
        kind, head = ("委", "主任") if organ.endswith("委员会") else ("局", "局长")
        if level == "city":
            place = f"{self.other_city if other else self.city}市"
            down = f"各县（市、区）{organ}，{kind}属各单位"
        else:
            place = f"{self.other_county if other else self.county}县"
            down = "各乡镇人民政府、街道办事处，县直有关单位"
        return Organ(
            name=f"{place}{organ}",
            short=f"{place[-1]}{organ}",
            me=f"我{kind}",
            code=place[0] + code,
            area=f"全{place[-1]}",
            place=place,
            head=head,
            up=f"{place}人民政府",
            down=down,
        )

    def helper(self, organ: str, level: str) -> Organ:
        """A department beside that of the field, of the same place."""
        return self._department(organ, organ[0], level, other=False)

    def institution(self, field: Field, rng: random.Random) -> Organ:
        """One of the institutions (firms, universities, hospitals, committees) of a field."""
        names = {"province": self.province, "city": self.city, "county": self.county}
        chosen = rng.choice(field.institutions)
        filled = {
            key: value.format(**names, p=self.province[0], c=self.city[0], k=self.county[0])
            for key, value in chosen.items()
        }
        return Organ(place=f"{self.city}市", **filled)


_PLACES = read("places.yaml")


def make_world(rng: random.Random) -> World:
    """Draw the places of a document."""
    cities, counties = rng.sample(_PLACES["cities"], 2), rng.sample(_PLACES["counties"], 2)
    return World(
        rng.choice(_PLACES["provinces"]),
        cities[0],
        cities[1],
        counties[0],
        counties[1],
        tuple(rng.sample(_PLACES["towns"], 6)),
        tuple(rng.sample(_PLACES["roads"], 3)),
        rng.choice(_PLACES["rivers"]),
    )


_FAMILIES = {
    "教育厅": "教",
    "国有资产监督管理委员会": "国资",
    "卫生健康委员会": "卫健",
    "组织部": "组",
    "宣传部": "宣",
    "人民政府": "政",
}


def code_of(organ: str) -> str:
    """The 机关代字 of a superior, known by its name only."""
    family = next((code for ending, code in _FAMILIES.items() if organ.endswith(ending)), "委")
    return organ.removeprefix("中共")[0] + family


def person(rng: random.Random) -> str:
    """A person's name that stands in no question."""
    while True:
        name = f"{rng.choice(_PLACES['surnames'])}{rng.choice(_PLACES['given'])}"
        if not known(name):
            return name


def people(rng: random.Random, count: int) -> list[str]:
    """That many different names."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[person(rng)] = None
    return list(names)


def phone(rng: random.Random) -> str:
    """A number of the area code 0000, which no one has."""
    return f"0000-{rng.randint(2000000, 8999999)}"


def day(value: date) -> str:
    """2024年3月5日 (GB/T 9704—2012 7.3.5.4)."""
    return f"{value.year}年{value.month}月{value.day}日"


def short_day(value: date) -> str:
    """3月5日, where the year is clear."""
    return f"{value.month}月{value.day}日"


_FIXED = {*((5, day) for day in range(1, 6)), *((10, day) for day in range(1, 9))}
_MOVING = {
    2019: ((2, 5), (4, 5), (6, 7), (9, 13)),
    2020: ((1, 25), (4, 4), (6, 25), (10, 1)),
    2021: ((2, 12), (4, 4), (6, 14), (9, 21)),
    2022: ((2, 1), (4, 5), (6, 3), (9, 10)),
    2023: ((1, 22), (4, 5), (6, 22), (9, 29)),
    2024: ((2, 10), (4, 4), (6, 10), (9, 17)),
    2025: ((1, 29), (4, 4), (5, 31), (10, 6)),
    2026: ((2, 17), (4, 5), (6, 19), (9, 25)),
    2027: ((2, 6), (4, 5), (6, 9), (9, 15)),
}
"""Month and day of 春节, 清明, 端午 and 中秋, by year."""


def holiday(value: date) -> bool:
    """Whether a day is a statutory holiday (《全国年节及纪念日放假办法》); 春节, 五一 and 国庆 with the days off around them.

    A single day that falls on a weekend is made up for on the Monday after. Those that move are known for the years that
    documents play in.
    """
    moving = [date(value.year, *each) for each in _MOVING.get(value.year, ())]
    in_spring = bool(moving) and -1 <= (value - moving[0]).days <= 6
    single = [date(value.year, 1, 1), *moving[1:]]
    made_up = [each + timedelta(days=7 - each.weekday()) for each in single if each.weekday() >= 5]
    return in_spring or value in single or value in made_up or (value.month, value.day) in _FIXED


def working_day(value: date, step: int = 1) -> date:
    """The day itself or, where it is free, the next working day; with step -1 the last one before it."""
    while value.weekday() >= 5 or holiday(value):
        value += timedelta(days=step)
    return value
