"""`odw doctor`: the environment."""

import json
from dataclasses import asdict
from typing import Any

from odw_harness.cli.options import Help
from odw_harness.console import table_console


def add(commands: Any) -> None:
    """Add the command."""
    doctor = commands.add_parser(
        "doctor",
        help="what is installed, what disagrees, what the GPU can do",
        description="Say what is installed, which versions disagree (by the packages' own requirements), what the GPU or the CPU can do (bf16 and 4-bit are tried), where models, results and verdicts go, which judge would grade, and what to do about each fault. No server is asked.",
        epilog="examples:\n  odw doctor\n  odw doctor --json | jq '.findings[] | select(.level == \"fault\")'\n\n"
        "exit codes: 0 all is right; 1 something disagrees or will not work",
        formatter_class=Help,
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON document")
    doctor.set_defaults(run=_doctor)


def _doctor(options: Any) -> int:
    from rich.console import Console

    from odw_harness.doctor import examine

    with Console(stderr=True).status("Importing packages and trying the device …"):
        findings = list(examine())
    if options.json:
        print(json.dumps({"findings": [asdict(each) for each in findings]}, ensure_ascii=False, indent=1))
    else:
        _print(findings)
    return int(any(each.level == "fault" for each in findings))


def _print(findings: Any) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    console = table_console(highlight=False)
    marks = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "fault": "[red]✗[/]"}
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    group = ""
    for each in findings:
        what = escape(each.what) + (f"\n[bold]→ {escape(each.do)}[/]" if each.do else "")
        table.add_row(marks[each.level], each.group if each.group != group else "", escape(each.name), what)
        group = each.group
    console.print(table)
    faults = sum(each.level == "fault" for each in findings)
    console.print(f"{faults} to mend" if faults else "all is right")
