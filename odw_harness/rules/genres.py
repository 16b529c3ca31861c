"""What each 文种 asks for: the table behind `odw check --genre` and the defaults of a question's checks.

条例 is 《党政机关公文处理工作条例》 (中办发〔2012〕14号). Closings are practice, where handbooks disagree:
each set is what at least one common handbook gives, and only 请示, 批复, 议案 and 函 are expected to have one; only
closings that contradict the 文种 are forbidden.
"""

from dataclasses import dataclass
from typing import Literal

_CLOSINGS_OF_REQUEST = (
    r"(?:妥否|当否|可否|是否妥当|以上请示)[，,、]?\s*(?:请|敬请|恳请)?(?:予)?(?:批示|批复|审批|批准|指示)"
    r"|(?:恳请|敬请|请)(?:予以?)?批示[。！]?$"
)
_REQUEST_IN_REPORT = (
    r"^(?:以上|上述)?[^。；]{0,20}[，,]?(?:恳请|敬请|特请|请)(?:予以?)?(?:批示|批复|审批|批准)[。！]?$"
    r"|(?:^|[。；])(?![^。；]*(?:另行|另文|专文|单独))[^。；]*(?:恳请|特请|现请|(?:^|[，。；]|特此|为此|因此|现)请求)(?:上级|省|市|县|区|州|国务院)[^。；，]{0,30}"
    r"(?:批准|同意|追加|增拨|拨付|解决|批复|核定|核增|增加|安排)"
)
"""A request inside a 报告 (条例 art. 15(4))."""
_ORDER = r"请(?:认真)?(?:遵照|贯彻)(?:执行|落实)"


@dataclass(frozen=True)
class Genre:
    """One 文种 or other kind of writing.

    recipient: 主送机关 must be there ("required"), may be ("optional"), must not ("none").
    dated: where a 成文日期 belongs, as in Question.date_position.
    signed: whether a 署名 stands above the date.
    forbidden: patterns of closings that contradict the 文种.
    """

    name: str
    clause: str
    direction: Literal["up", "down", "parallel", "public", "meeting", "none"]
    recipient: Literal["required", "optional", "none"] = "none"
    dated: Literal["head", "end", "any"] | None = "end"
    signed: bool = True
    closings: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    title_ends: tuple[str, ...] = ()
    statutory: bool = True

    @property
    def endings(self) -> tuple[str, ...]:
        """With what a title of this kind may end."""
        return self.title_ends or (self.name,)


_REQUEST = (
    "妥否，请批示",
    "当否，请批示",
    "妥否，请批复",
    "当否，请批复",
    "妥否，请审批",
    "妥否，请予批准",
    "妥否，请审示",
    "以上请示，请予批复",
    "以上请示，请批复",
    "请予批准",
    "请予批复",
    "请审批",
)
_LETTER = (
    "特此函达",
    "专此函达",
    "特此函商",
    "特此函告",
    "特此函复",
    "特此致函",
    "请予函复",
    "请函复",
    "盼复",
    "函复为盼",
    "函复意见为盼",
    "请予支持为盼",
    "请予支持",
    "特此复函",
    "专此复函",
    "专此函复",
    "此复",
    "函复",
    "请予批准",
    "请予审批",
    "请审批",
    "请批准",
)

GENRES: dict[str, Genre] = {
    genre.name: genre
    for genre in (
        Genre("决议", "条例 art. 8(1)", "meeting", dated="any", signed=False, forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre("决定", "条例 art. 8(2)", "down", "optional", forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre("令", "条例 art. 8(3)", "public", title_ends=("令", "命令"), forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre("公报", "条例 art. 8(4)", "public", dated="any", signed=False, forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre("公告", "条例 art. 8(5)", "public", forbidden=(_CLOSINGS_OF_REQUEST, "特此通告")),
        Genre("通告", "条例 art. 8(6)", "public", forbidden=(_CLOSINGS_OF_REQUEST, "特此公告")),
        Genre("意见", "条例 art. 8(7)", "down", "optional", forbidden=("此复[。！]?$",)),
        Genre(
            "通知",
            "条例 art. 8(8)",
            "down",
            "required",
            forbidden=(_CLOSINGS_OF_REQUEST, "特此通告", "特此公告"),
        ),
        Genre("通报", "条例 art. 8(9)", "down", "optional", forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre(
            "报告",
            "条例 art. 8(10)",
            "up",
            "required",
            forbidden=(_CLOSINGS_OF_REQUEST, _REQUEST_IN_REPORT, _ORDER),
        ),
        Genre("请示", "条例 art. 8(11)", "up", "required", closings=_REQUEST, forbidden=("特此报告", _ORDER)),
        Genre(
            "批复",
            "条例 art. 8(12)",
            "down",
            "required",
            closings=("此复", "特此批复"),
            forbidden=(_CLOSINGS_OF_REQUEST,),
        ),
        Genre(
            "议案",
            "条例 art. 8(13)",
            "up",
            "required",
            closings=("请予审议", "请审议", "现提请审议", "提请审议"),
            forbidden=(_CLOSINGS_OF_REQUEST, _ORDER),
        ),
        Genre(
            "函",
            "条例 art. 8(14)",
            "parallel",
            "required",
            closings=_LETTER,
            forbidden=(r"(?:妥否|当否)[，,]?\s*请(?:予)?(?:批示|批复)|请(?:予以?)?批示[。！]?$", _ORDER),
        ),
        Genre("纪要", "条例 art. 8(15)", "meeting", dated="any", signed=False, forbidden=(_CLOSINGS_OF_REQUEST,)),
        Genre("工作总结", "事务文书", "none", title_ends=("总结",), statutory=False),
        Genre("工作计划", "事务文书", "none", title_ends=("计划",), statutory=False),
        Genre(
            "讲话稿",
            "事务文书",
            "none",
            "optional",
            dated="head",
            signed=False,
            title_ends=("讲话", "致辞"),
            statutory=False,
        ),
        Genre("调研报告", "事务文书", "none", title_ends=("调研报告", "调查报告"), statutory=False),
        Genre("新闻稿", "not 公文", "none", dated=None, signed=False, title_ends=("",), statutory=False),
        Genre("倡议书", "not 公文", "none", "optional", title_ends=("倡议书", "倡议"), statutory=False),
    )
}
"""By name. 令 stands for 命令（令）."""

ALIASES = {"命令": "令", "命令（令）": "令", "会议纪要": "纪要", "新闻": "新闻稿", "消息": "新闻稿", "讲话": "讲话稿"}


def find_genre(name: str) -> Genre | None:
    """The genre of that name or a common other name; None where it is unknown."""
    return GENRES.get(ALIASES.get(name, name))
