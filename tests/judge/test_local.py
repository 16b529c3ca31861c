"""The local judge over a model that writes what it is told to, and over a real one."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model

from odw_harness.errors import JudgeError
from odw_harness.judge import Request, inprocess, load_judge
from odw_harness.judge.base import LocalConfig
from odw_harness.judge.local import LocalJudge
from odw_harness.questions import Question
from odw_harness.rubric import ALIGNBENCH, ODWEVAL, Rubric
from odw_harness.store import Store
from odw_harness.verdict import Verdict
from tests.judge.server import scores_for

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")


@register_model("scribe")
class Scribe(LM):
    """Writes a verdict for each prompt: the score is the number in the answer. Keeps what it was given."""

    batches: list[list[tuple[str, dict[str, Any]]]] = []  # noqa: RUF012
    loaded = 0
    max_length = 100_000

    @classmethod
    def create_from_arg_obj(cls, arg_dict: Any, additional_config: Any = None) -> "Scribe":
        cls.loaded += 1
        return cls()

    def tok_encode(self, text: str) -> list[int]:
        return list(map(ord, text))

    def apply_chat_template(self, chat_history: Any, add_generation_prompt: bool = True) -> str:
        return "".join(f"<{turn['role']}>{turn['content']}" for turn in chat_history) + "<assistant>"

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        type(self).batches.append([request.args for request in requests])
        found = [re.search(r"第(\d)篇", request.args[0]) for request in requests]
        return [scores_for(r.args[0], float(n[1])) if n else "好" for r, n in zip(requests, found, strict=True)]

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> Any:
        raise NotImplementedError

    loglikelihood_rolling = loglikelihood


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    Scribe.batches, Scribe.loaded = [], 0
    inprocess._load.cache_clear()
    yield
    inprocess._load.cache_clear()


def judge(**fields: Any) -> LocalJudge:
    return LocalJudge("scribe", LocalConfig.model_validate({"backend": "local", "model": "scribe", **fields}))


def verdicts(one: LocalJudge, *texts: str, rubric: Rubric = ODWEVAL) -> list[Verdict]:
    given = dict(one.verdicts([Request(QUESTION, text, rubric) for text in texts]))
    return [given[index] for index in range(len(texts))]


def test_it_writes_verdicts_batch_by_batch() -> None:
    given = verdicts(judge(batch_size=2), "第3篇", "", "第7篇", "第9篇", "无号")
    assert [verdict.score for verdict in given] == [3.0, 1.0, 7.0, 9.0, None]
    assert given[4].unscored == "no dictionary of scores at the end"
    assert given[4].earlier == ("好",)
    assert given[4].usage == {"requests": 2}
    assert [len(batch) for batch in Scribe.batches] == [2, 2, 1]
    assert "末尾没有打分字典" in Scribe.batches[2][0][0]


def test_the_prompt_goes_through_the_chat_template_unless_told_otherwise() -> None:
    verdicts(judge(), "第3篇")
    verdicts(judge(chat_template=False, temperature=0.7, max_tokens=99), "第3篇")
    ((chat, greedy),), ((plain, sampled),) = Scribe.batches
    prompt = ODWEVAL.prompt(QUESTION, "第3篇")
    assert chat == f"<user>{prompt}<assistant>"
    assert plain == f"{prompt}\n"
    assert greedy == {"until": ["<|endoftext|>"], "max_gen_toks": 4096, "do_sample": False}
    assert sampled == {"until": ["<|endoftext|>"], "max_gen_toks": 99, "do_sample": True, "temperature": 0.7}


def test_a_prompt_that_leaves_no_room_is_unscored_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    room = len(ODWEVAL.prompt(QUESTION, "第3篇")) + len("<user><assistant>") + 500
    monkeypatch.setattr(Scribe, "max_length", room)
    given = verdicts(judge(max_tokens=500), "第3篇", "第3篇，" + "长" * 100)
    assert given[0].score == 3.0
    assert given[1].unscored == "prompt too long: it leaves room for 399 tokens of a reply"


def test_two_rubrics_share_one_model() -> None:
    config = LocalConfig(backend="local", model="scribe")
    for rubric in (ODWEVAL, ALIGNBENCH):
        (verdict,) = verdicts(LocalJudge("scribe", config), "第3篇", rubric=rubric)
        assert (verdict.score, verdict.provenance.rubric) == (3.0, rubric.name)
    assert Scribe.loaded == 1


def test_provenance_changes_with_what_changes_verdicts() -> None:
    base = judge().provenance(ODWEVAL).fingerprint
    for change in ({"temperature": 1}, {"max_tokens": 9}, {"chat_template": False}, {"model_args": {"dtype": "x"}}):
        assert judge(**change).provenance(ODWEVAL).fingerprint != base
    assert judge(batch_size=7).provenance(ODWEVAL).fingerprint == base


def test_preflight_wants_a_known_backend_and_a_model(tiny_model: Path) -> None:
    judge().preflight()
    with pytest.raises(JudgeError, match="judge scribe: field model: lm-eval can't use nonsense"):
        judge(model="nonsense").preflight()
    with pytest.raises(JudgeError, match=r"field model_args\.pretrained: is missing"):
        judge(model="hf").preflight()
    with pytest.raises(JudgeError, match=r"field model_args\.pretrained: /no/where: "):
        judge(model="hf", model_args={"pretrained": "/no/where"}).preflight()


def test_preflight_wants_a_chat_template(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    for path in tiny_model.iterdir():
        if path.name != "chat_template.jinja":
            (folder / path.name).symlink_to(path)
    judge(model="hf", model_args={"pretrained": str(tiny_model)}).preflight()
    with pytest.raises(JudgeError, match="has no chat template; name a chat model, or set chat_template: false"):
        judge(model="hf", model_args={"pretrained": str(folder)}).preflight()
    judge(model="hf", model_args={"pretrained": str(folder)}, chat_template=False).preflight()


def test_a_real_model_that_can_write_no_verdict_gives_a_reason(tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(
        f"backend: local\nmodel_args: {{pretrained: {tiny_model}, dtype: float32, device: cpu}}\n"
        "max_tokens: 8\nbatch_size: 2\n"
    )
    judge = load_judge(str(path), Store())
    judge.preflight()
    given = dict(judge.verdicts([Request(QUESTION, text, ALIGNBENCH) for text in ("第一篇", "第二篇，长一些")]))
    assert [given[index].score for index in (0, 1)] == [None, None]
    assert given[0].unscored


@pytest.mark.parametrize("field", ["hf_token", "token", "api_key"])
def test_no_key_in_model_args(tmp_path: Path, field: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"backend: local\nmodel_args: {{{field}: hf_123}}\n")
    with pytest.raises(JudgeError, match=f"field model_args: {field} must not stand in a file") as caught:
        load_judge(str(path), Store())
    assert "hf_123" not in str(caught.value)
