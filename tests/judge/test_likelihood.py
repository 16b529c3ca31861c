import math
from pathlib import Path
from typing import Any

import pytest

from odw_harness.errors import JudgeError
from odw_harness.judge import Request, load_judge
from odw_harness.judge.base import LikelihoodConfig
from odw_harness.judge.likelihood import LikelihoodJudge, tail_logits_model
from odw_harness.questions import Question
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store

# The copycat model: a character it has read costs ln 2, any other ln 1000. Of the reference's ten characters the
# question holds none, so ℓ(r|q) = −10 ln 1000, ℓ(r|q,r) = −10 ln 2, and an answer with k of them has g = k / 10.
QUESTION = Question(id="T-1", genre="通知", prompt="写", reference="甲乙丙丁戊己庚辛壬癸")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


@pytest.fixture
def judge(store: Store) -> LikelihoodJudge:
    return LikelihoodJudge("copycat", LikelihoodConfig(backend="likelihood", model="copycat"), store)


def scores(judge: LikelihoodJudge, *texts: str) -> list[float | None]:
    return [verdict.score for _, verdict in judge.verdicts([Request(QUESTION, text, ODWEVAL) for text in texts])]


def test_the_reference_scores_8_nothing_of_it_1_and_half_of_it_4_5(judge: LikelihoodJudge) -> None:
    assert scores(judge, "甲乙丙丁戊己庚辛壬癸", "你好", "甲乙丙丁戊") == [pytest.approx(8.0), 1.0, pytest.approx(4.5)]


def test_a_verdict_keeps_the_three_likelihoods_and_the_gain(judge: LikelihoodJudge) -> None:
    ((_, verdict),) = judge.verdicts([Request(QUESTION, "甲乙丙丁", ODWEVAL)])
    assert verdict.details == {
        "loglikelihood": pytest.approx(-4 * math.log(2) - 6 * math.log(1000)),
        "loglikelihood_without": pytest.approx(-10 * math.log(1000)),
        "loglikelihood_with_reference": pytest.approx(-10 * math.log(2)),
        "gain": pytest.approx(0.4),
    }
    assert verdict.score == pytest.approx(3.8)
    assert verdict.dimensions is None


def test_an_empty_answer_scores_1_without_a_request(judge: LikelihoodJudge) -> None:
    before = type(judge._lm).calls
    assert scores(judge, "", " \n　") == [1.0, 1.0]
    assert type(judge._lm).calls == before


def test_what_depends_on_the_question_alone_is_computed_once_for_all_systems(
    judge: LikelihoodJudge, store: Store
) -> None:
    calls = type(judge._lm)
    before = calls.calls
    scores(judge, "甲", "乙")
    assert calls.calls - before == 4  # two of the question, one of each answer
    other_run = LikelihoodJudge("again", LikelihoodConfig(backend="likelihood", model="copycat"), store)
    scores(other_run, "丙")
    assert calls.calls - before == 5


def test_a_model_to_which_the_reference_means_nothing_gives_no_score(judge: LikelihoodJudge) -> None:
    known = Question(id="T-2", genre="通知", prompt="甲乙丙", reference="甲乙丙")
    ((_, verdict),) = judge.verdicts([Request(known, "甲", ODWEVAL)])
    assert verdict.score is None
    assert verdict.unscored is not None


def test_only_the_beginning_of_an_endless_answer_is_read(judge: LikelihoodJudge) -> None:
    # 3 × 10 + 1,000 characters are read; what stands behind them gives nothing.
    assert scores(judge, "一" * 1030 + QUESTION.reference, "一" * 1020 + QUESTION.reference) == [
        1.0,
        pytest.approx(8.0),
    ]


def test_the_model_is_known_by_its_files(tiny_model: Path, store: Store, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(tiny_model, copy)

    def fingerprint(folder: Path, **more: Any) -> str:
        config = LikelihoodConfig(backend="likelihood", model_args={"pretrained": str(folder), **more})
        return LikelihoodJudge("x", config, store).provenance().revision

    assert fingerprint(copy) == fingerprint(tiny_model)
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(bytes(data))
    assert fingerprint(copy) != fingerprint(tiny_model)


def test_a_judge_with_an_adapter_is_known_by_the_adapters_files_too(
    tiny_model: Path, store: Store, tmp_path: Path
) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()

    def revision(content: str) -> str:
        (adapter / "adapter_model.safetensors").write_text(content)
        config = LikelihoodConfig(
            backend="likelihood", model_args={"pretrained": str(tiny_model), "peft": str(adapter)}
        )
        return LikelihoodJudge("x", config, store).provenance().revision

    assert revision("a") == revision("a")
    assert revision("a") != revision("b")


def test_leaving_out_needless_logits_changes_no_likelihood(tiny_model: Path) -> None:
    from lm_eval.api.instance import Instance
    from lm_eval.models.huggingface import HFLM

    arguments = {"pretrained": str(tiny_model), "dtype": "float32", "device": "cpu"}
    pairs = [("写一份通知。\n", "关于放假的通知"), ("写一份函。\n" * 20, "x"), ("", "关于合作的函"), ("a", "b " * 50)]
    requests = [Instance("loglikelihood", {}, pair, number) for number, pair in enumerate(pairs)]
    plain = HFLM.create_from_arg_obj(arguments, {"batch_size": 2}).loglikelihood(requests, disable_tqdm=True)
    tail = (
        tail_logits_model().create_from_arg_obj(arguments, {"batch_size": 1}).loglikelihood(requests, disable_tqdm=True)
    )
    assert [value for value, _ in tail] == pytest.approx([value for value, _ in plain], abs=1e-3)
    assert [greedy for _, greedy in tail] == [greedy for _, greedy in plain]


def test_preflight_finds_a_model_that_is_not_there(store: Store, tmp_path: Path) -> None:
    config = LikelihoodConfig(backend="likelihood", model_args={"pretrained": str(tmp_path / "none")})
    with pytest.raises(JudgeError, match=r"judge x: field model_args.pretrained: .*none"):
        LikelihoodJudge("x", config, store).preflight()
    with pytest.raises(JudgeError, match=r"field model: lm-eval can't use nonsense"):
        LikelihoodJudge("x", LikelihoodConfig(backend="likelihood", model="nonsense"), store).preflight()
    with pytest.raises(JudgeError, match=r"field model_args.pretrained: is missing"):
        LikelihoodJudge("x", LikelihoodConfig(backend="likelihood"), store).preflight()


def test_a_judge_over_a_folder_passes_preflight_and_judges(store: Store, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(f"backend: likelihood\nmodel_args:\n  pretrained: {tiny_model}\n  dtype: float32\n")
    judge = load_judge(str(path), store)
    judge.preflight()
    ((_, verdict),) = judge.verdicts([Request(QUESTION, "甲乙丙", ODWEVAL)])
    assert verdict.provenance.judge == "tiny"
    assert (verdict.score is None) == (verdict.unscored is not None)
