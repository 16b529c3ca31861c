"""Training data that holds the questions, and data that doesn't."""

import json
import random
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from odw_harness.cli import main
from odw_harness.errors import DataError
from odw_harness.questions import OUTPUT_CONTRACT, Question, load_questions
from odw_harness.traindata.leaks.compare import Questions
from odw_harness.traindata.leaks.facts import rare_facts
from odw_harness.traindata.leaks.run import Thresholds
from odw_harness.traindata.rows import TrainingRow, read_row, training_files
from tests.rules.test_answers import PARAPHRASES
from tests.rules.test_good_documents import GOOD
from tests.traindata.support import LETTER, NOTICE, lines

OURS = load_questions()
INDEX = Questions(OURS)
NUMBERS = {question.id: number for number, question in enumerate(OURS)}
LIMITS = Thresholds()


def measures(identity: str, answered: str, asked: str = "写一份公文") -> dict[str, float]:
    return INDEX.measures(TrainingRow("x", asked, answered)).get(NUMBERS[identity], {})


def flagged(answered: str, asked: str = "写一份公文") -> dict[str, list[str]]:
    found = INDEX.measures(TrainingRow("x", asked, answered))
    over = {OURS[number].id: LIMITS.exceeded(values) for number, values in found.items()}
    return {identity: names for identity, names in over.items() if names}


def widened(text: str) -> str:
    """Full-width figures and letters, other signs, blanks anywhere."""
    wide = "".join(chr(ord(mark) + 0xFEE0) if mark.isascii() and mark.isalnum() else mark for mark in text)
    return "　 ".join(wide.replace("。", ".").replace("，", ", ").replace("\n", "\n\n"))


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_a_reference_is_found_however_it_is_dressed(question: Question) -> None:
    for text in (question.reference, widened(question.reference), f"范文如下：\n{question.reference}\n（完）"):
        assert measures(question.id, text)["exact"] == 1
        assert list(flagged(text)) == [question.id]


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_half_a_reference_and_shuffled_sentences_are_found(question: Question) -> None:
    text = question.reference
    sentences = re.findall(r"[^。\n]+[。\n]?", text)
    random.Random(1).shuffle(sentences)
    for changed in (text[: len(text) // 2], text[len(text) // 2 :], "".join(sentences)):
        assert list(flagged(changed)) == [question.id]
        assert "exact" not in measures(question.id, changed) or changed == text
        assert measures(question.id, changed)["reference"] > 0.4


@pytest.mark.parametrize("question", OURS, ids=lambda question: question.id)
def test_a_prompt_is_found_whatever_answers_it(question: Question) -> None:
    for asked in (question.request(), question.prompt, widened(question.request())):
        assert "exact" in flagged("好的，已经写好。", asked)[question.id]
        assert list(flagged("好的，已经写好。", asked)) == [question.id]


@pytest.mark.parametrize("identity", list(PARAPHRASES))
def test_a_paraphrase_is_found_by_its_facts(identity: str) -> None:
    found = measures(identity, PARAPHRASES[identity])
    assert found["facts"] >= 0.9
    assert "facts" in flagged(PARAPHRASES[identity])[identity]


def test_facts_that_only_a_sign_or_a_cell_parts_are_found() -> None:
    question = OURS[NUMBERS["ODW-04"]]
    facts = [wordings[0] for wordings in question.facts]
    for mark in ("；", "\t", "\n", "，", " | "):
        found = measures(question.id, mark.join(facts))["facts"]
        assert found >= 10 / 13, mark  # all but its date and its two organs


def test_the_facts_alone_are_enough() -> None:
    """Not one 13-gram of the reference is left."""
    text = (
        "据介绍，本市各类学校及幼儿园总计486所，另有17家送餐单位，都要查。先由各校自己查（3月11日起，3月20日止），"
        "再由市里查：自3月21日开始，4月3日收尾；最后一段从4月7日开始，4月12日收尾。材料请在4月15日17时以前发到何若谷处，"
        "打0000-2233445也行。"
    )
    found = measures("ODW-08", text)
    assert found.get("reference", 0) == found.get("prompt", 0) == 0
    assert flagged(text) == {"ODW-08": ["facts"]}
    wide = unicodedata.normalize("NFKC", text).translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert flagged(wide) == {"ODW-08": ["facts"]}


@pytest.mark.parametrize("text", [NOTICE, LETTER, *(text for _, text in GOOD.values())])
def test_an_innocent_document_is_not_flagged(text: str) -> None:
    assert flagged(text) == {}
    assert all(max(values.values()) < 0.2 for values in INDEX.measures(TrainingRow("x", "写", text)).values())


def test_another_document_of_the_same_office_is_not_flagged() -> None:
    text = "青政〔2024〕33号\n签发人：林知远\n青岚市人民政府关于2024年春耕生产情况的报告\n澜川省人民政府：\n今年全市已完成春播93.5万亩，投入化肥3.1万吨，春耕进度快于往年。\n特此报告。\n青岚市人民政府\n2024年5月9日"
    assert flagged(text) == {}


def test_neither_the_output_contract_nor_what_several_questions_say_counts() -> None:
    assert flagged("好的。", "请写一份安全生产的通知。\n\n" + OUTPUT_CONTRACT) == {}
    phrase = "各县（区）人民政府，市政府各部门、各直属机构："
    assert sum(phrase in question.reference for question in OURS) > 1
    assert INDEX.measures(TrainingRow("x", "写", phrase * 3)) == {}


def test_a_question_that_stands_twice_in_a_file_is_still_found() -> None:
    twice = [OURS[7], OURS[7].model_copy(update={"id": "COPY"})]
    index = Questions(twice)
    found = index.measures(TrainingRow("x", "写", OURS[7].reference[:400]))
    assert found[0]["reference"] == found[1]["reference"] > 0.5


def test_short_texts_are_found_where_they_are_the_whole() -> None:
    short = Question(id="S", genre="通知", prompt="写放假通知", reference="明天放假。")
    index = Questions([short])
    assert index.measures(TrainingRow("x", "写 放假通知！", "好")) == {0: {"exact": 1.0}}
    assert index.measures(TrainingRow("x", "写一篇放假通知的说明", "明天放假，后天上班。")) == {}


def test_facts_that_recur_everywhere_are_not_rare() -> None:
    question = Question(
        id="Q",
        genre="通知",
        prompt="写",
        reference="文",
        issuers=("市财政局", "临川市财政局"),
        recipient="各科室",
        doc_number="临财发〔2024〕8号",
        date="2024年3月5日",
        signature=("局长　江若木",),
        facts=("3个", "2024年", "5%", "20万元", ("6月底", "6月30日前"), "48.5%", "江若木", "原则同意", "市水务局"),
    )
    assert {fact.name: fact.tied for fact in rare_facts(question)} == {
        "6月30日前": True,
        "48.5%": True,
        "江若木": False,
        "2024年3月5日": True,
        "临财发〔2024〕8号": True,
        "临川市财政局": False,
    }


def turns(*said: str) -> list[dict[str, str]]:
    return [{"from": who, "value": text} for who, text in zip(("system", "human", "gpt"), said, strict=False)]


def test_the_command_names_the_worst_row_of_each_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = lines(
        tmp_path / "train.jsonl",
        {"conversations": turns("你是秘书。", "写一份通知", NOTICE)},
        {"conversations": turns("你是秘书。", "写批复", OURS[11].reference[:200])},
        {"conversations": turns("你是秘书。", "写批复", OURS[11].reference)},
        {"conversations": turns("参考：" + OURS[0].reference, "写决议", "好。")},
    )
    assert main(["data", "leaks", str(file), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["flagged"] == ["ODW-01", "ODW-12"]
    by_id = {row["id"]: row for row in report["questions"]}
    assert by_id["ODW-12"]["where"] == f"{file}: line 3"
    assert by_id["ODW-12"]["rows"] == 2
    assert by_id["ODW-12"]["exact"] == {"value": 1.0, "where": f"{file}: line 3"}
    assert by_id["ODW-01"]["where"] == f"{file}: line 4"
    assert by_id["ODW-08"]["flagged"] == []
    assert report["training"][0]["rows"] == 4
    assert main(["data", "leaks", str(file)]) == 1
    shown = capsys.readouterr().out
    assert "leak: 2 of 21 questions: ODW-01, ODW-12" in shown
    assert "train.jsonl: line 3" in shown.replace("\n", "")


def test_clean_data_exits_with_0_and_thresholds_can_be_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(lines(tmp_path / "a.jsonl", {"instruction": "写", "output": OURS[6].reference[:300]}))
    assert main(["data", "leaks", file, "--max-overlap", "0.5", "--max-similarity", "0.5", "--max-facts", "1"]) == 0
    assert "clean: no question is over a threshold" in capsys.readouterr().out
    assert main(["data", "leaks", file, "--max-overlap", "0.1"]) == 1
    good = str(lines(tmp_path / "b.jsonl", {"instruction": "写通知", "output": NOTICE}))
    assert main(["data", "leaks", good]) == 0


def test_the_sample_data_is_clean(tmp_path: Path) -> None:
    out = str(tmp_path / "data")
    assert main(["data", "build", "-o", out]) == 0
    assert main(["data", "leaks", out, "--max-facts", "0.3"]) == 0


def test_a_folder_is_read_by_its_dataset_info(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    info = {
        "mine": {"file_name": "m.json", "columns": {"prompt": "q", "response": "a", "history": "h"}},
        "chats": {"file_name": "c.jsonl", "formatting": "sharegpt", "tags": {"user_tag": "u", "assistant_tag": "b", "role_tag": "r", "content_tag": "c"}, "columns": {"messages": "m"}},
        "far": {"hf_hub_url": "a/b"},
    }  # fmt: skip
    (tmp_path / "dataset_info.json").write_text(json.dumps(info), "utf-8")
    history = [["先写决议", OURS[0].reference]]
    (tmp_path / "m.json").write_text(
        json.dumps([{"q": "好", "a": "好", "h": []}, {"q": "谢", "a": "不谢", "h": history}]), "utf-8"
    )
    lines(tmp_path / "c.jsonl", {"m": [{"r": "u", "c": OURS[1].prompt}, {"r": "b", "c": "好"}]})
    assert main(["data", "leaks", str(tmp_path), "--json"]) == 1
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert [(row["id"], row["where"]) for row in report["questions"] if row["flagged"]] == [
        ("ODW-01", f"{tmp_path}/m.json: row 2"),
        ("ODW-02", f"{tmp_path}/c.jsonl: line 1"),
    ]
    assert "far: lies on a hub or in a script and is not looked at" in shown.err


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"instruction": "写", "output": "文"}\n{"instruction"', "line 2: not JSON"),
        ('{"instruction": "写"}', "line 1: has neither instruction and output, nor conversations, messages or text; its fields: instruction"),
        ('{"instruction": "写", "output": {"a": 1}, "x": 2}', None),
        ('{"instruction": "写", "output": 3}', "line 1: field output: must be a text, got int"),
        ("[1]", "line 1: must be a JSON object, got list"),
        ('{"conversations": []}', "line 1: field conversations: must be a list of turns with from and value"),
        ('{"conversations": [{"from": "bot", "value": "x"}]}', "line 1: field conversations: a turn is by 'bot', expected human, gpt"),
        ('{"conversations": [{"from": "human"}]}', "line 1: field value: is missing; add it"),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_line_with_its_place(
    content: str, expected: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text(content, "utf-8")
    code = main(["data", "leaks", str(tmp_path / "a.jsonl")])
    if expected is None:
        assert code == 0
        return
    assert code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"error: {tmp_path}/a.jsonl: {expected}")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"instruction": "写", "output": "文"}, {"instruction": ]', "row 2: not JSON"),
        ('[{"instruction": "写", "output": "文"}', "row 2: not JSON"),
        ('[{"instruction": "写", "output": "文"}, 3]', "row 2: must be a JSON object, got int"),
    ],
)
def test_a_broken_array_is_one_line_with_its_row(
    content: str, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(content, "utf-8")
    assert main(["data", "leaks", str(tmp_path / "a.json")]) == 2
    assert f"a.json: {expected}" in capsys.readouterr().err


def test_a_long_array_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odw_harness.traindata.rows._CHUNK", 7)
    rows: list[Any] = [{"instruction": "写" * number, "output": f"第{number}份"} for number in range(1, 30)]
    (tmp_path / "a.json").write_text("\n[" + ",\n ".join(json.dumps(row) for row in rows) + " ]\n", "utf-8")
    (file,) = training_files([str(tmp_path / "a.json")])[0]
    assert [row.answered for row in file.rows()] == [row["output"] for row in rows]


def test_mistakes_about_files_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "gb.jsonl").write_bytes('{"instruction": "写", "output": "文"}'.encode("gb18030"))
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "dataset_info.json").write_text('{"a": {"file_name": "gone.jsonl"}}', "utf-8")
    for name, expected in (
        ("none", "none: no such file or folder; give training data (.jsonl, .json) or its folder"),
        ("empty", "empty: holds no training data; it should have a dataset_info.json, .jsonl or .json files"),
        ("a.parquet", "a.parquet: .parquet format is not read; save the data as .jsonl"),
        ("gb.jsonl", "gb.jsonl: not UTF-8"),
        ("f", "dataset_info.json: names gone.jsonl, which is not there; remove its entry"),
    ):
        assert main(["data", "leaks", str(tmp_path / name)]) == 2
        assert expected in capsys.readouterr().err.splitlines()[-1]
    good = str(lines(tmp_path / "good.jsonl", {"text": NOTICE}))
    assert main(["data", "leaks", good, "--out", good]) == 2
    assert "is a file that this run reads; name another" in capsys.readouterr().err


def test_rows_of_preference_data_are_read_whole() -> None:
    from odw_harness.traindata.rows import Form

    form = Form("sharegpt", {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"})
    row = {
        "conversations": [{"from": "human", "value": "问"}],
        "chosen": {"from": "gpt", "value": "好"},
        "rejected": {"from": "gpt", "value": "坏"},
    }
    assert read_row(row, "x", form) == TrainingRow("x", "问", "好\n坏", "", 0)
    with pytest.raises(DataError, match="field chosen: is missing"):
        read_row({"conversations": row["conversations"]}, "x", form)
