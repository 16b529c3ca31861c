"""What the HTML pages of the project share: their templates' environment, `texts.js.j2` and plotly.js to put into them."""

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from odw_harness.texts import counted

SHARED = Path(__file__).parent
"""The folder of the templates that pages share."""


@lru_cache
def environment(folder: Path) -> Environment:
    """Templates of a folder, and those that all share; whatever is put into them is escaped. `counted` is a filter."""
    made = Environment(
        loader=FileSystemLoader([folder, SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["counted"] = counted
    return made


def plotly_js() -> Markup:
    """plotly.js, fit to stand in a script element."""
    return Markup(get_plotlyjs().replace("</script", "<\\/script"))
