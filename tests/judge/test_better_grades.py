"""Structured replies and expected scores, from a server and from a model in this process."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.errors import JudgeError
from odw_harness.judge import Request, client, inprocess
from odw_harness.judge.api import ApiJudge
from odw_harness.judge.base import ApiConfig, LocalConfig
from odw_harness.judge.local import LocalJudge, _weigh
from odw_harness.questions import Question
from odw_harness.rubric import ODWEVAL
from odw_harness.verdict import Verdict
from tests.judge.server import MODEL, JudgeServer, completion, fails, grades, says, send
from tests.judge.test_local import Scribe

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
NAMES = [dimension.name for dimension in ODWEVAL.dimensions]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


def judge(server: JudgeServer, **fields: Any) -> ApiJudge:
    return ApiJudge(
        "loop", ApiConfig.model_validate({"backend": "api", "base_url": server.url, "model": MODEL, **fields})
    )


def verdict_by(one: Any, text: str = "第8篇") -> Verdict:
    ((_, verdict),) = one.verdicts([Request(QUESTION, text, ODWEVAL)])
    return verdict


def keeps_to_schemas(handler: Any, body: dict[str, Any]) -> None:
    """What vLLM and llama.cpp do: the reply is JSON of the schema's shape, and nothing else."""
    wanted = body.get("response_format", {}).get("json_schema", {}).get("schema")
    if wanted is None:
        return grades()(handler, body)
    scores = wanted["properties"].get("打分")
    reply = {"评价": "格式“规范”。\n{不}错", "打分": dict.fromkeys(scores["properties"], 7)} if scores else {"答": "好"}
    assert list(reply) == wanted["required"]
    return send(handler, 200, completion(json.dumps(reply, ensure_ascii=False)))


@pytest.mark.parametrize("setting", [True, "auto"])
def test_a_reply_by_schema_is_asked_for_and_read(judge_server: JudgeServer, setting: Any) -> None:
    judge_server.always = keeps_to_schemas
    one = judge(judge_server, structured=setting)
    one.preflight()
    assert len(judge_server.requests) == 2
    verdict = verdict_by(one)
    assert verdict.dimensions == dict.fromkeys(NAMES, 7.0)
    sent = judge_server.requests[2]["response_format"]
    assert (sent["type"], sent["json_schema"]["strict"]) == ("json_schema", True)
    assert list(sent["json_schema"]["schema"]["properties"]) == ["评价", "打分"]
    scores = sent["json_schema"]["schema"]["properties"]["打分"]
    assert list(scores["properties"]) == scores["required"] == NAMES
    assert scores["properties"]["事实一致"] == {"type": "integer", "enum": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}
    assert scores["additionalProperties"] is False


@pytest.mark.parametrize("server", ["ignores it", "refuses it"])
def test_auto_goes_without_where_the_server_can_not(judge_server: JudgeServer, server: str) -> None:
    def act(handler: Any, body: dict[str, Any]) -> None:
        refused = server == "refuses it" and "response_format" in body
        (fails(400, "response_format is not supported") if refused else grades())(handler, body)

    judge_server.always = act
    one = judge(judge_server, structured="auto")
    one.preflight()
    assert verdict_by(one).score == 6.0
    assert "response_format" not in judge_server.requests[-1]


def test_auto_finds_out_without_a_preflight_too(judge_server: JudgeServer) -> None:
    judge_server.always = keeps_to_schemas
    one = judge(judge_server, structured="auto")
    given = dict(one.verdicts([Request(QUESTION, f"第{n}篇", ODWEVAL) for n in range(9)]))
    assert [given[n].score for n in range(9)] == [7.0] * 9
    assert len(judge_server.requests) == 10


def test_who_counts_on_a_schema_is_told_that_the_server_can_not(judge_server: JudgeServer) -> None:
    judge_server.script = [says("好"), fails(422, "unknown field response_format")]
    with pytest.raises(JudgeError, match=r"field structured: the server can't: bad request: HTTP 422: unknown field"):
        judge(judge_server, structured=True).preflight()
    judge_server.script = [says("好"), says("好")]
    with pytest.raises(JudgeError, match="its reply does not keep to the schema"):
        judge(judge_server, structured=True).preflight()


def test_the_strict_parser_still_reads_what_came_by_schema(judge_server: JudgeServer) -> None:
    judge_server.always = says(json.dumps({"评价": "好", "打分": dict.fromkeys(NAMES, 11)}, ensure_ascii=False))
    assert verdict_by(judge(judge_server, structured=True)).unscored == "outside 1 to 10: 文种与格式规范 is 11"


def test_settings_that_change_verdicts_stand_in_the_provenance(judge_server: JudgeServer) -> None:
    plain = judge(judge_server).provenance(ODWEVAL)
    assert {"structured", "expected_scores", "top_logprobs"}.isdisjoint(plain.settings)
    fingerprints = {
        judge(judge_server, **fields).provenance(ODWEVAL).fingerprint
        for fields in ({}, {"structured": True}, {"structured": "auto"}, {"expected_scores": True})
    }
    assert len(fingerprints) == 4
    assert judge(judge_server, top_logprobs=5).provenance(ODWEVAL).fingerprint == plain.fingerprint


def token(text: str, *listed: tuple[str, float]) -> dict[str, Any]:
    candidates = [{"token": t, "logprob": math.log(p), "bytes": list(t.encode())} for t, p in listed or ((text, 1.0),)]
    return {**candidates[0], "top_logprobs": candidates}


def weighed(*weights: tuple[tuple[str, float], ...]) -> dict[str, Any]:
    """A reply whose dimensions have these candidates each, the drawn one first; 10 comes in two tokens."""
    tokens = [token("好。{")]
    for number, (name, listed) in enumerate(zip(NAMES, weights, strict=True)):
        tokens += [token(f"{', ' if number else ''}'{name}':"), token(" "), token(listed[0][0], *listed)]
        if listed[0][0] == "1":
            tokens.append(token("0", ("0", 0.75), (",", 0.25)))
    tokens.append(token("}"))
    body = completion("".join(each["token"] for each in tokens))
    body["choices"][0]["logprobs"] = {"content": [*tokens, token("<|im_end|>")]}
    return body


def test_expected_scores_are_weighed_with_what_was_written_beside_them(judge_server: JudgeServer) -> None:
    sure = (("7", 1.0),)
    body = weighed(
        (("8", 0.5), ("7", 0.25), ("9", 0.25)), (("6", 0.6), ("5", 0.4)), sure, (("1", 0.8), ("9", 0.2)), sure
    )
    judge_server.always = lambda handler, _: send(handler, 200, body)
    one = judge(judge_server, expected_scores=True, top_logprobs=5)
    verdict = verdict_by(one)
    assert (judge_server.requests[0]["logprobs"], judge_server.requests[0]["top_logprobs"]) == (True, 5)
    assert verdict.written == dict(zip(NAMES, (8.0, 6.0, 7.0, 10.0, 7.0), strict=True))
    # 10 has 0.8 × 0.75 = 0.6, 1 has 0.2, 9 has 0.2: 6 + 0.2 + 1.8 = 8
    assert verdict.dimensions == pytest.approx(dict(zip(NAMES, (8.0, 5.6, 7.0, 8.0, 7.0), strict=True)))
    assert verdict.score == pytest.approx((8.0 + 5.6 + 7.0 + 8.0 + 7.0) / 5)
    assert verdict.not_expected == ""


def test_without_log_probabilities_the_written_scores_stand_with_the_reason(judge_server: JudgeServer) -> None:
    verdict = verdict_by(judge(judge_server, expected_scores=True))
    assert (verdict.score, verdict.written, verdict.not_expected) == (6.0, None, "no log-probabilities")
    assert verdict_by(judge(judge_server)).not_expected == ""


def test_a_server_without_log_probabilities_is_found_out_in_the_preflight(judge_server: JudgeServer) -> None:
    with pytest.raises(JudgeError, match="field expected_scores: the server returns no log-probabilities"):
        judge(judge_server, expected_scores=True).preflight()
    body = completion("好")
    body["choices"][0]["logprobs"] = {"content": [token("好")]}
    judge_server.always = lambda handler, _: send(handler, 200, body)
    judge(judge_server, expected_scores=True).preflight()


def test_a_local_judge_weighs_all_ten_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def loglikelihood(self: Scribe, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        asked.extend(request.args for request in requests)
        chances = {8.0: 0.5, 9.0: 0.25, 10.0: 0.25}
        scores = [float(request.args[1].rstrip(",}")) for request in requests]
        return [(math.log(chances[score]) if score in chances else -math.inf, False) for score in scores]

    monkeypatch.setattr(Scribe, "loglikelihood", loglikelihood)
    one = LocalJudge("s", LocalConfig.model_validate({"backend": "local", "model": "scribe", "expected_scores": True}))
    verdict = verdict_by(one)
    assert len(asked) == 50
    before, after = asked[10]
    assert before.startswith("<user>")
    assert before.endswith("'内容完整与切题': ")
    assert "'文种与格式规范': 8.0, " in before
    assert after == "1.0,"
    assert verdict.written == dict.fromkeys(NAMES, 8.0)
    assert verdict.dimensions == dict.fromkeys(NAMES, 8.75)
    assert verdict.provenance.settings["expected_scores"] is True


def test_a_real_model_weighs_as_its_own_logits_say(tiny_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    config = LocalConfig.model_validate(
        {"backend": "local", "model_args": {"pretrained": str(tiny_model), "device": "cpu", "dtype": "float32"}}
    )
    context, text = "<user>评分<assistant>", "好。{'甲': 8}"
    weighed = _weigh(inprocess.load(config), context, text, {"甲": (8, 9)})
    model = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    before = tokenizer(context + "好。{'甲':", add_special_tokens=False).input_ids
    weights = []
    for score in range(1, 11):
        after = tokenizer(f" {score}}}", add_special_tokens=False).input_ids
        with torch.inference_mode():
            logits = model(torch.tensor([before + after])).logits[0].log_softmax(-1)
        places = range(len(before) - 1, len(before) + len(after) - 1)
        weights.append(math.exp(sum(logits[place, token].item() for place, token in zip(places, after, strict=True))))
    expected = sum(score * weight for score, weight in enumerate(weights, 1)) / sum(weights)
    assert weighed.dimensions == {"甲": pytest.approx(expected, abs=1e-3)}
    assert 1 < expected < 10
