"""A page with nothing but the sample browser, over runs under a folder."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from odw_harness import report
from odw_harness.html import SHARED
from odw_harness.report.samples import embedded
from odw_harness.results import read_outputs

POLICY = Markup(
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:\">"
)


def browser_page(outputs: Path, into: Path, policy: Markup | str = POLICY, every_run: bool = False) -> Path:
    """Write the page. Without a policy nothing but the page's own care stands between a hostile text and the browser."""
    folders = [Path(__file__).parent, Path(report.__file__).parent, SHARED]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("samples_page.html.j2")
    into.write_text(page.render(samples=embedded(read_outputs([outputs], every_run)), policy=policy), encoding="utf-8")
    return into
