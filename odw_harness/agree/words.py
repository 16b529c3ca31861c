"""What it comes to, in plain sentences: may this judge stand in for people?"""

from collections.abc import Iterator

from odw_harness.agree.data import Beside, People, best
from odw_harness.texts import counted, shown

DECIDED_BY = "pooled"
"""The figure of the sentences: Pearson over all answers at once, which is defined where a grader marked few answers."""

READING = (
    "After “follows” stands a correlation: 1 is in step with people, 0 tells nothing of them; two figures joined by … are a 95 % "
    "interval, and the truth may well lie anywhere in it."
)
"""What the sentences' figures mean, for readers who are no statisticians."""


def heading(people: People) -> str:
    """How much there is to go by."""
    who = f"{counted(len(people.graders), 'grader')} gave " if people.graders else ""
    what = f"{counted(people.marks, 'mark' if who else 'score')} on {counted(people.answers, 'answer')}"
    of = f"of {counted(len(people.systems), 'system')} to {counted(len(people.asked), 'question')}"
    each = f" ({people.per_answer:.1f} an answer)" if people.per_answer > 1 else ""
    return f"{who}{what} {of}{each}."


def verdict_on(each: Beside, people: People) -> str:
    """One judge: how far it follows people on single answers, against a person, and against the best baseline."""
    pooled = getattr(each.agreement, DECIDED_BY)
    name = shown(each.name, 120, "?")
    if pooled.value is None:
        return f"{name}: how far it follows people can't be told; {_why_not(each)}."
    return f"{name}: {'; '.join(_told(each, people))}."


def _why_not(each: Beside) -> str:
    if each.agreement.answers < 3:
        return f"it scored {each.agreement.answers} of the answers that people marked"
    return "it or people score all answers the same"


def _told(each: Beside, people: People) -> Iterator[str]:
    pooled = getattr(each.agreement, DECIDED_BY)
    interval = "" if pooled.low is None or pooled.high is None else f" ({pooled.low:.2f}…{pooled.high:.2f})"
    yield f"on single answers it follows people {pooled.value:.2f}{interval}"
    if people.graders:
        yield _beside_people(each)
    lead = best(each.leads, people.beside, DECIDED_BY)
    if lead is None:
        return
    step = lead.figures[DECIDED_BY]
    other = f"the best baseline, {lead.other}"
    if step.value is None or step.low is None or step.high is None:
        yield f"by {step.value or 0:+.2f} against {other}, on too few questions to be sure"
    elif step.low > 0:
        yield f"further than {other} (by {step.value:.2f}, {step.low:.2f}…{step.high:.2f})"
    elif step.high < 0:
        yield f"LESS far than {other} (by {step.value:+.2f}, {step.low:+.2f}…{step.high:+.2f})"
    else:
        yield f"not shown to go further than {other} ({step.value:+.2f}, {step.low:+.2f}…{step.high:+.2f})"


def _beside_people(each: Beside) -> str:
    """Whether it agrees with other graders as one grader does: by the interval over graders of the difference."""
    ceiling = each.ceiling
    if ceiling is None or not {DECIDED_BY} <= set(ceiling.people) & set(ceiling.lead):
        return "how far people follow each other is not known (too few answers marked by two)"
    one, its, lead = ceiling.people[DECIDED_BY], ceiling.scorer[DECIDED_BY], ceiling.lead[DECIDED_BY]
    told = f"a grader follows the others {one.mean:.2f}, it those same others {its.mean:.2f}"
    if lead.low is None or lead.high is None:
        return f"{told}, of one grader only"
    told += f"; {lead.mean:+.2f}, {lead.low:+.2f}…{lead.high:+.2f} over {lead.of} graders"
    if lead.high < 0:
        return f"less than one more grader would ({told})"
    if lead.low > 0:
        return f"further than one more grader would ({told})"
    return f"not shown to differ from one more grader ({told})"
