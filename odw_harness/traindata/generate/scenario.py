"""What a document is made from: its elements, the facts in the order of the instruction, and its text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """A fact or several that belong together, as the instruction gives them.

    label and value: for a list of fields. text: a clause without a full stop. spoken: as a colleague says it.
    facts: strings that stand in value, text and spoken, and in the document.
    """

    label: str
    value: str
    text: str
    spoken: str
    facts: tuple[str, ...] = ()


@dataclass
class Scenario:
    """A document before it is laid out. Fields as in a question."""

    genre: str
    title: str
    issuers: tuple[str, ...]
    date: str
    body: list[str]
    items: list[Item]
    recipient: str | None = None
    doc_number: str | None = None
    signatory: str | None = None
    signature: tuple[str, ...] = ()
    date_position: str = "end"
    note: str = ""
    """题注 below the title."""
    byline: tuple[str, ...] = ()
    """Lines between title and text: who publishes or speaks, and when."""
    salutation: str = ""
    attachments: tuple[str, ...] = ()
    contact: tuple[str, str] | None = None
    contact_below: bool = False
    """Whether the contact stands below the date in brackets (附注), not in the text."""
    upper: Item | None = None
    """The superior's document that this one carries out or answers, where there is one."""
    extra_facts: tuple[str, ...] = ()

    def head_facts(self) -> list[str]:
        """Given elements that the document must state."""
        given = [self.doc_number, self.signatory, self.date, self.recipient, *self.attachments, *(self.contact or ())]
        return [fact for fact in given if fact]

    def facts(self) -> tuple[str, ...]:
        """Every fact once, those of the text first."""
        items = [fact for item in self.items for fact in item.facts]
        upper = self.upper.facts if self.upper else ()
        return tuple(dict.fromkeys([*items, *upper, *self.extra_facts, *self.head_facts()]))


def layout(scenario: Scenario) -> str:
    """The document: each element on a line of its own, in the order of GB/T 9704—2012."""
    lines: list[str] = []
    below = scenario.genre == "令"
    if scenario.doc_number and not below:
        lines.append(scenario.doc_number)
    if scenario.signatory:
        lines.append(f"签发人：{scenario.signatory}")
    lines.append(scenario.title)
    if scenario.doc_number and below:
        lines.append(scenario.doc_number)
    if scenario.note:
        lines.append(f"（{scenario.note}）")
    lines += scenario.byline
    if scenario.recipient:
        lines.append(f"{scenario.recipient}：")
    if scenario.salutation:
        lines.append(f"{scenario.salutation}：")
    lines += scenario.body
    if len(scenario.attachments) == 1:
        lines.append(f"附件：{scenario.attachments[0]}")
    else:
        for number, name in enumerate(scenario.attachments, 1):
            lines.append(f"{'附件：' if number == 1 else ''}{number}.{name}")
    lines += scenario.signature
    if scenario.date_position == "end":
        lines.append(scenario.date)
    if scenario.contact and scenario.contact_below:
        lines.append(f"（联系人：{scenario.contact[0]}，联系电话：{scenario.contact[1]}）")
    return "\n".join(lines)
