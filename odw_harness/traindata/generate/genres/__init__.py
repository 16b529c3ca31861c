"""Makers of documents by 文种. A maker takes a composer and a matter, and gives a scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from odw_harness.traindata.generate.compose import Composer
from odw_harness.traindata.generate.scenario import Scenario


@dataclass(frozen=True)
class Maker:
    """How a document of a 文种 is made of one kind of matter.

    matters: a field's list of matters (campaigns, projects, …). bureaus: whether it suits fields whose organs are
    bureaus; institutions: whether it suits those of institutions.
    """

    make: Callable[[Composer, Any], Scenario]
    matters: str
    bureaus: bool = True
    institutions: bool = True


def makers() -> dict[str, tuple[Maker, ...]]:
    """By 文种, as 条例 art. 8 lists them, and the four common kinds of 事务文书."""
    from odw_harness.traindata.generate.genres import business, level, meeting, orders, public, up, verdicts

    return {
        "决议": (
            Maker(meeting.plan_resolution, "policies", institutions=False),
            Maker(meeting.work_resolution, "sections", institutions=False),
            Maker(meeting.staff_resolution, "policies", bureaus=False),
        ),
        "决定": (Maker(verdicts.commendation, "campaigns"), Maker(verdicts.repeal, "rules", institutions=False)),
        "令": (
            Maker(public.order, "rules", institutions=False),
            Maker(public.order, "rules", institutions=False),
            Maker(public.honour_order, "campaigns", institutions=False),
        ),
        "公报": (Maker(public.bulletin, "sections", institutions=False),),
        "公告": (Maker(public.announcement, "公告"),),
        "通告": (Maker(public.announcement, "通告"),),
        "意见": (Maker(orders.opinion, "policies"),),
        "通知": (
            Maker(orders.campaign_notice, "campaigns"),
            Maker(orders.campaign_notice, "campaigns"),
            Maker(orders.training_notice, "trainings"),
            Maker(orders.meeting_notice, "campaigns"),
            Maker(orders.print_notice, "rules"),
        ),
        "通报": (Maker(verdicts.progress_circular, "campaigns"), Maker(verdicts.praise_circular, "campaigns")),
        "报告": (Maker(up.campaign_report, "campaigns"), Maker(up.funds_report, "projects")),
        "请示": (Maker(up.project_request, "projects"), Maker(up.funds_request, "campaigns")),
        "批复": (Maker(verdicts.approval, "projects"),),
        "议案": (Maker(up.bill, "rules", institutions=False),),
        "函": (
            Maker(level.joint_letter, "campaigns"),
            Maker(level.visit_letter, "policies"),
            Maker(level.comment_letter, "rules"),
            Maker(level.comment_reply, "rules", institutions=False),
            Maker(level.visit_reply, "policies"),
        ),
        "纪要": (Maker(meeting.project_minutes, "projects"), Maker(meeting.campaign_minutes, "campaigns")),
        "工作总结": (Maker(business.summary, "sections"),),
        "工作计划": (Maker(business.plan, "policies"),),
        "讲话稿": (Maker(business.speech, "campaigns"),),
        "调研报告": (Maker(business.survey, "policies"),),
    }
