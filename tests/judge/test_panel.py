"""Panels: several judges, one verdict, and how far they agree."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tenacity import wait_none

from odw_harness.cli import main
from odw_harness.errors import JudgeError
from odw_harness.grading import Grading
from odw_harness.judge import Request, client, load_judge
from odw_harness.judge.panel import agreement
from odw_harness.questions import Question
from odw_harness.rubric import ODWEVAL
from odw_harness.store import Store
from odw_harness.verdict import Verdict
from tests.judge.server import JudgeServer, fails, grades, says, serving
from tests.test_answers import plain, written

QUESTION = Question(id="T-1", genre="通知", prompt="写一份通知。", reference="关于放假的通知")
NAMES = [dimension.name for dimension in ODWEVAL.dimensions]
Made = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff", wait_none())


@pytest.fixture
def servers() -> Iterator[list[JudgeServer]]:
    with serving() as one, serving() as two, serving() as three:
        yield [one, two, three]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "s.sqlite")


@pytest.fixture
def panel(servers: list[JudgeServer], tmp_path: Path) -> Made:
    def make(fields: str = "", members: str = "") -> Path:
        for name, server in zip("abc", servers, strict=True):
            text = f"backend: api\nbase_url: {server.url}\nmodel: judge-1\nconcurrency: 2\n{members}"
            (tmp_path / f"{name}.yaml").write_text(text)
        (tmp_path / "panel.yaml").write_text(f"backend: panel\njudges: [a.yaml, b.yaml, c.yaml]\n{fields}")
        return tmp_path / "panel.yaml"

    return make


def run(path: Path, store: Store, *texts: str) -> tuple[list[Verdict], str | None]:
    grading = Grading([Request(QUESTION, text, ODWEVAL) for text in texts], load_judge(str(path), store), store)
    return [graded.verdict for graded in grading], grading.stopped


def mixed(first: float, others: float) -> str:
    return str({NAMES[0]: first, **dict.fromkeys(NAMES[1:], others)})


def test_a_panels_verdict_is_the_mean_of_its_judges_by_dimension(
    panel: Made, servers: list[JudgeServer], store: Store
) -> None:
    servers[0].always, servers[1].always, servers[2].always = says(mixed(4, 6)), grades(6.0), grades(9.0)
    ((verdict,), stopped) = run(panel(), store, "一份通知")
    assert stopped is None
    assert verdict.dimensions == pytest.approx({NAMES[0]: 19 / 3, **dict.fromkeys(NAMES[1:], 7.0)})
    assert verdict.score == pytest.approx((19 / 3 + 28) / 5)
    assert verdict.voices == {
        "a": {NAMES[0]: 4.0, **dict.fromkeys(NAMES[1:], 6.0)},
        "b": dict.fromkeys(NAMES, 6.0),
        "c": dict.fromkeys(NAMES, 9.0),
    }
    # the judges say 5.6, 6 and 9: mean 103/15, squared deviations 1.604, 0.751, 4.551
    assert verdict.details["spread"] == pytest.approx(math.sqrt((1.6044 + 0.7511 + 4.5511) / 2), abs=1e-3)
    assert verdict.usage["requests"] == 3
    assert verdict.rationale.startswith("【a】{")
    assert store.counts()["verdicts"] == 4  # each judge's own, and the panel's


def test_the_median_forgets_the_outlier(panel: Made, servers: list[JudgeServer], store: Store) -> None:
    servers[0].always, servers[1].always, servers[2].always = grades(7.0), grades(8.0), grades(1.0)
    ((verdict,), _) = run(panel("combine: median\n"), store, "一份通知")
    assert verdict.score == 7.0


def test_a_quorum_decides_where_a_judge_gives_no_score(panel: Made, servers: list[JudgeServer], store: Store) -> None:
    servers[0].by_answer = {"第1篇": says("无法评价"), "第2篇": says("无法评价")}
    servers[1].by_answer = {"第2篇": fails(400, "too long")}
    verdicts, stopped = run(panel(), store, "第0篇", "第1篇", "第2篇")
    assert stopped is None
    assert [verdict.score for verdict in verdicts] == [6.0, 6.0, None]
    assert [len(verdict.voices or ()) for verdict in verdicts] == [3, 2, 1]
    assert verdicts[2].unscored == (
        "no quorum: 1 of 3 judges gave scores, 2 are needed: a: no dictionary of scores at the end; "
        "b: bad request: HTTP 400: too long"
    )
    ((verdict,), _) = run(panel("quorum: 3\n"), store, "第1篇")
    assert verdict.unscored is not None


def test_a_judge_that_gives_up_stops_the_panel_and_the_others_verdicts_are_kept(
    panel: Made, servers: list[JudgeServer], store: Store
) -> None:
    servers[1].by_answer = {"第3篇": fails(402, "insufficient balance")}
    texts = [f"第{n}篇" for n in range(4)]
    verdicts, stopped = run(panel(), store, *texts)
    assert stopped is not None
    assert stopped.startswith("b of the panel gave up: judge b: ")
    assert "insufficient balance" in stopped
    assert verdicts[3].unscored == f"judging stopped: {stopped}"
    servers[1].by_answer = {}
    before = [len(server.requests) for server in servers]
    verdicts, stopped = run(panel(), store, *texts)
    assert stopped is None
    assert [verdict.score for verdict in verdicts] == [6.0] * 4
    assert [len(server.requests) - count for server, count in zip(servers, before, strict=True)][::2] == [0, 0]
    before = [len(server.requests) for server in servers]
    assert run(panel(), store, *texts)[0] == [v.model_copy() for v in verdicts]
    assert [len(server.requests) for server in servers] == before


def test_a_judges_repeats_are_averaged_before_the_panel_combines(
    panel: Made, servers: list[JudgeServer], store: Store
) -> None:
    servers[0].script = [grades(2.0), grades(4.0)]
    ((verdict,), _) = run(panel(members="repeats: 2\nseed: 0\n"), store, "一份通知")
    assert verdict.voices is not None
    assert verdict.voices["a"] == dict.fromkeys(NAMES, 3.0)
    assert verdict.score == 5.0
    assert verdict.usage["requests"] == 6


def test_panels_that_differ_have_other_provenance(panel: Made, store: Store) -> None:
    prints = [
        load_judge(str(panel(*fields)), store).provenance(ODWEVAL).fingerprint
        for fields in ((), ("combine: median\n",), ("quorum: 1\n",), ("", "temperature: 1\n"), ("", "repeats: 2\n"), ())
    ]
    assert prints[0] == prints[-1]
    assert len(set(prints)) == 5


def test_servers_are_asked_at_the_same_time(panel: Made, servers: list[JudgeServer], store: Store) -> None:
    import threading

    together = threading.Barrier(3, timeout=20)

    def waits_for_the_others(handler: Any, body: dict[str, Any]) -> None:
        together.wait()
        grades()(handler, body)

    for server in servers:
        server.always = waits_for_the_others
    verdicts, stopped = run(panel(), store, "一份通知")
    assert (stopped, verdicts[0].score) == (None, 6.0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("judges: [a]", "field judges: "),
        ("judges: [a.yaml, a.yaml]", "judges: names one twice"),
        ("judges: [a.yaml, b.yaml]\nquorum: 3", "quorum: 3 can't be met by 2 judges"),
        ("judges: [a.yaml, nobody]", "field judges: judge nobody: no such judge"),
        ("judges: [a.yaml, embedded]", "field judges: embedded: can't sit in a panel; name judges that write"),
        ("judges: [a.yaml, panel.yaml]", "field judges: panel.yaml: can't sit in a panel"),
        ("judges: [a.yaml, x/a.yaml]", "field judges: two of them have one name"),
        ("judges: [a.yaml, b.yaml]\ncombine: max", "field combine: "),
    ],
)
def test_a_wrong_panel_is_named(panel: Made, store: Store, tmp_path: Path, fields: str, message: str) -> None:
    path = panel()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.yaml").write_text((tmp_path / "a.yaml").read_text())
    path.write_text(f"backend: panel\n{fields}\n")
    with pytest.raises(JudgeError) as caught:
        load_judge(str(path), store)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_member_that_is_down_is_found_out_before_anything_is_asked(
    panel: Made, servers: list[JudgeServer], store: Store
) -> None:
    servers[2].always = fails(401, "bad key")
    with pytest.raises(JudgeError, match=r"judge c: .*the key is refused"):
        load_judge(str(panel()), store).preflight()
    assert all(not server.prompts for server in servers)


def test_agreement_is_krippendorffs_alpha() -> None:
    def voices(*scores: tuple[float | None, ...]) -> list[dict[str, dict[str, float]]]:
        return [{name: {"甲": s} for name, s in zip("abc", column, strict=False) if s is not None} for column in scores]

    # Pairs of marks 1,2 and 3,3: observed disagreement 2·1²/4 = 0.5; expected over {1,2,3,3}: squared differences of
    # the six pairs 1+4+4+1+1+0 = 11, twice over 4·3 = 22/12; α = 1 − 0.5/(22/12) = 8/11
    assert agreement(voices((1, 2), (3, 3)))["score"] == pytest.approx(8 / 11)
    assert agreement(voices((1, 1), (3, 3)))["甲"] == pytest.approx(1.0)
    assert agreement(voices((1, 2), (3, 3), (7, None)))["score"] == pytest.approx(8 / 11)
    assert agreement(voices((3, 3), (3, 3)))["score"] is None
    assert agreement(voices((3, None), (5, None)))["score"] is None


def test_the_command_tells_agreement_and_money_by_judge(
    panel: Made, servers: list[JudgeServer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    servers[0].by_answer = {"第1篇": grades(9.0)}
    servers[1].by_answer = {"第1篇": grades(9.0)}
    servers[2].by_answer = {"第1篇": grades(9.0)}
    path = panel(members="prices: {input: 10, output: 100}\n")
    answers = written(tmp_path / "a.jsonl", plain("a0", "第0篇"), plain("a1", "第1篇"))
    out = tmp_path / "v.jsonl"
    assert main(["judge", answers, "--judge", str(path), "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "Krippendorff's α, interval): score 1.00, 文种与格式规范 1.00" in told
    # six requests of 3000 tokens in and 40 out: 6 × (0.03 + 0.004)
    assert "6 requests, 18,000 tokens in (4,200 cached), 240 out, 0.2040 USD" in told


def test_one_budget_serves_the_whole_panel(
    panel: Made, servers: list[JudgeServer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = panel()
    answers = written(tmp_path / "a.jsonl", *(plain(f"a{n}", f"第{n}篇") for n in range(6)))
    arguments = ["judge", answers, "--judge", str(path), "--out", str(tmp_path / "v.jsonl")]
    assert main([*arguments, "--max-requests", "10"]) == 2
    assert sum(len(server.prompts) for server in servers) == 10
    assert "--max-requests 10 is reached" in capsys.readouterr().err
    assert main(arguments) == 0
    assert sum(len(server.prompts) for server in servers) == 18
    assert main([*arguments, "--max-cost", "1"]) == 2
    assert "field prices: is missing" in capsys.readouterr().err
