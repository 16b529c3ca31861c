import json
import subprocess
import sys
from pathlib import Path

import pytest

from odw_harness.cli import main
from odw_harness.questions import load_questions
from odw_harness.resources import QUESTIONS, TASKS

OURS = {question.id: question for question in load_questions(QUESTIONS)}
BAD = """青岚市教育局关于开展校园食品安全检查的通知
各县（区）教育局，市直各学校：
请于4月15日前报送。
特此通知。
青岚市教育局
2024年03月05日
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_help_gives_examples_and_imports_nothing_heavy() -> None:
    code = "import sys; from odw_harness.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'lm_eval', 'transformers', 'pydantic', 'rich'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "examples:" in out
    assert out.splitlines()[-1] == "[]"


def test_a_good_document_passes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "good.txt"
    path.write_text(OURS["ODW-08"].reference, "utf-8")
    code, out, _ = run(capsys, "check", str(path), "--question", "ODW-08")
    assert code == 0
    assert "passed" in out
    assert "fact recall 1.00" in out


def test_a_bad_line_is_shown_with_its_number_and_clause(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text(BAD, "utf-8")
    code, out, _ = run(capsys, "check", str(path))
    assert code == 1
    assert "as 通知: FAILED" in out
    assert "✗ date (hard) line 6" in out
    assert "   6 │ 2024年03月05日" in out
    assert "GB/T 9704—2012 7.3.5.4" in out


def test_json_is_one_document_with_the_fields_promised(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(OURS["ODW-08"].reference, "utf-8")
    bad.write_text(BAD, "gb18030")
    code, out, err = run(capsys, "check", str(good), str(bad), "--question", "ODW-08", "--json")
    documents = json.loads(out)["documents"]
    assert code == 1
    assert err == ""
    assert [document["file"] for document in documents] == [str(good), str(bad)]
    assert [document["passed"] for document in documents] == [True, False]
    assert documents[0]["rules"] == 1.0
    assert documents[0]["fact_recall"] == 1.0
    assert {"check", "level", "ok", "clause", "line", "message"} == set(documents[1]["findings"][0])
    dates = [finding for finding in documents[1]["findings"] if finding["check"] == "date"]
    assert [(finding["level"], finding["ok"], finding["line"]) for finding in dates] == [("hard", False, 6)]


def test_a_file_that_can_not_be_checked_costs_the_others_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    letter, bad = tmp_path / "letter.txt", tmp_path / "bad.txt"
    letter.write_text("你好\n再见\n", "utf-8")
    bad.write_text(BAD, "utf-8")
    code, out, err = run(capsys, "check", str(letter), "/no/such.txt", str(bad), "--json")
    assert code == 2
    assert [document["file"] for document in json.loads(out)["documents"]] == [str(bad)]
    assert err.splitlines() == [
        f"error: {letter}: the title (你好) names no known 文种; say which with --genre or --question",
        "error: /no/such.txt: can't be read: No such file or directory",
    ]


def test_a_dash_is_standard_input() -> None:
    command = [sys.executable, "-m", "odw_harness.cli", "check", "-", "--genre", "通知", "--json"]
    done = subprocess.run(command, input=BAD.encode(), capture_output=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["documents"][0]["file"] == "-"


def test_a_document_can_not_drive_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "hostile.txt"
    path.write_text("关于[red]放假[/red]的通知\x1b[2J\x07\n各单位:\n(一)\x1b]0;owned\x07放假\n", "utf-8")
    _, out, _ = run(capsys, "check", str(path), "--genre", "通知")
    assert "\x1b" not in out
    assert "\x07" not in out


def test_own_questions_can_be_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    questions = tmp_path / "mine.jsonl"
    row = {"id": "MINE-1", "genre": "通知", "prompt": "写", "reference": "x", "facts": ["4月15日"]}
    questions.write_text(json.dumps(row), "utf-8")
    path = tmp_path / "bad.txt"
    path.write_text(BAD, "utf-8")
    _, out, _ = run(capsys, "check", str(path), "--questions", str(questions), "--question", "MINE-1", "--json")
    assert json.loads(out)["documents"][0]["fact_recall"] == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "/no/such.txt"], "error: /no/such.txt: can't be read: No such file or directory"),
        (["check", "{bad}", "--question", "ODW-99"], "error: --question ODW-99: not in "),
        (["check", "{bad}", "--genre", "请帖"], "error: --genre 请帖: no such 文种; choose from 决议、决定"),
        (["check", "{letter}"], "error: {letter}: the title (你好) names no known 文种"),
        (["check", "{binary}"], "error: {binary}: not a text file"),
        (["check", "{empty}"], "error: {empty}: holds no text"),
        (["check", "{bad}", "--questions", "{bad}"], "error: --questions needs --question"),
        (["eval", "--metadata", "judge=nobody"], "error: judge nobody: no such judge"),
        (["eval", "--metadata", "questions=/no/such.jsonl"], "error: /no/such.jsonl: no such questions file"),
        (["eval"], "error: --model_args pretrained=...: is missing"),
        (["eval", "--model", "nonsense"], "error: --model nonsense: "),
        (["eval", "--model_args", "pretrained=/no/model"], "error: --model_args pretrained=/no/model: no such folder"),
        (["eval", "--config", "/no/such.yaml"], "error: Config file not found: /no/such.yaml"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    copycat_judge: Path,
    tmp_path: Path,
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.setenv("ODW_JUDGE", str(copycat_judge))
    places = {"bad": tmp_path / "bad.txt", "letter": tmp_path / "letter.txt", "binary": tmp_path / "x.doc"}
    places["empty"] = tmp_path / "empty.txt"
    places["empty"].write_text("\n", "utf-8")
    places["bad"].write_text(BAD, "utf-8")
    places["letter"].write_text("你好\n再见\n", "utf-8")
    places["binary"].write_bytes(b"\xd0\xcf\x11\xe0\0\0")
    code, out, err = run(capsys, *(argument.format(**places) for argument in arguments))
    assert code == 2
    assert out == ""
    assert err.startswith(message.format(**places))
    assert err.count("\n") == 1


def test_paper_prints_what_the_appendix_prints(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "paper", "odweval")
    assert code == 0
    (row,) = [line.split() for line in out.splitlines() if line.strip().startswith("Qwen-7B-Chat-QLoRA")]
    assert row == [
        "Qwen-7B-Chat-QLoRA",
        "6.40",
        "6.40",
        "6.40",
        "6.00",
        "5.80",
        "7.20",
        "6.80",
        "6.60",
        "6.40",
        "5.80",
        "6.40",
        "7.00",
        "5.20",
        "6.60",
        "7.20",
        "6.00",
        "6.80",
        "5.40",
        "6.20",
        "5.00",
        "6.60",
        "6.35",
        "5.80",
        "6.30",
    ]
    assert "reconstruction" in out
    code, out, _ = run(capsys, "paper", "human", "--json")
    assert json.loads(out)["systems"][0]["avg21"] == 75.92


def test_tasks_path_is_the_folder_for_include_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "tasks", "path")[1].strip() == str(TASKS)
