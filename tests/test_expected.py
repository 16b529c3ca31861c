"""Expected scores, worked out by hand."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odw_harness.expected import Expected, continuations, expected_scores, from_loglikelihoods
from odw_harness.reply import Scores, read_scores

NAMES = ["甲", "乙"]
Token = dict[str, Any]


def token(text: str | bytes) -> Token:
    """A token that could have been no other."""
    return listing(text, {text: 1.0})


def listing(text: str | bytes, options: dict[str | bytes, float]) -> Token:
    """A token as OpenAI gives it, with the probabilities of whatever could have stood there."""
    return {**_entry(text, options[text]), "top_logprobs": [_entry(option, p) for option, p in options.items()]}


def _entry(text: str | bytes, p: float) -> Token:
    raw = text.encode() if isinstance(text, str) else text
    return {"token": raw.decode("utf-8", "replace"), "bytes": list(raw), "logprob": math.log(p) if p else -9999.0}


def expected(reply: str, tokens: Any, names: Sequence[str] = NAMES) -> Expected:
    found = read_scores(reply, names)
    assert isinstance(found, Scores), found
    return expected_scores(reply, found.spans, tokens)


def one(place: Sequence[Token], reply: str = "{'甲': 8}", before: str = "{'甲': ", after: str = "}") -> Expected:
    """Of a reply with a single score, whose tokens at the place are given."""
    return expected(reply, [token(before), *place, token(after)], ["甲"])


def the_reason(found: Expected) -> str:
    assert found.dimensions is None
    assert set(found.reasons) == {"甲"}
    return found.reasons["甲"]


# The mean.


def test_a_score_is_the_mean_over_the_scores_at_its_place() -> None:
    tokens = [
        token("写得好。{'甲': "),
        listing("8", {"8": 0.5, "7": 0.3, "9": 0.2}),
        token(", '乙': "),
        listing("6", {"6": 0.75, "5": 0.25}),
        token("}"),
    ]
    found = expected("写得好。{'甲': 8, '乙': 6}", tokens)
    assert found.dimensions == pytest.approx({"甲": 7.9, "乙": 5.75})
    assert found.mass == pytest.approx({"甲": 1.0, "乙": 1.0})
    assert found.reasons == {}


def test_what_is_no_score_is_left_out_and_the_rest_made_one() -> None:
    found = one([listing("8", {"8": 0.6, "9": 0.2, "好": 0.1, "0": 0.05, "85": 0.05})])
    assert found.scores["甲"] == pytest.approx((0.6 * 8 + 0.2 * 9) / 0.8)
    assert found.mass["甲"] == pytest.approx(0.8)


def test_a_score_drawn_against_the_odds_counts_by_its_odds() -> None:
    found = one([listing("3", {"8": 0.9, "3": 0.1})], "{'甲': 3}")
    assert found.scores["甲"] == pytest.approx(7.5)


def test_the_drawn_token_counts_once_though_it_is_listed_again() -> None:
    place = _entry("8", 0.5)
    place["top_logprobs"] = [_entry("8", 0.5), _entry("8", 0.5), _entry("6", 0.5)]
    assert one([place]).scores["甲"] == pytest.approx(7.0)


def test_a_drawn_token_beyond_the_list_has_minus_9999() -> None:
    place = listing("8", {"9": 0.97, "8": 0.0})
    assert one([place]).scores == {"甲": 9.0}


@pytest.mark.parametrize("nothing", [None, -math.inf, -9999, -9999.0, math.nan, -(10**300)])
def test_what_has_no_probability_counts_nothing(nothing: float | None) -> None:
    place = listing("8", {"8": 0.75, "4": 0.25})
    place["top_logprobs"].append({"token": "1", "bytes": [49], "logprob": nothing})
    assert one([place]).scores["甲"] == pytest.approx(7.0)


def test_rounding_does_not_leave_1_to_10() -> None:
    """1 + 9p / p is 10.000000000000002 for p = 0.96."""
    assert one([listing("1", {"10": 0.96, "1": 0.0})], "{'甲': 1}").scores == {"甲": 10.0}


# Tokens that hold more than the score.


def test_candidates_carry_what_stands_before_and_after_the_score() -> None:
    tokens = [
        token("{'甲"),
        listing("': 8", {"': 8": 0.4, "': 9": 0.2, "':8": 0.2, "': ": 0.2}),
        listing(", '乙': '7'}", {", '乙': '7'}": 0.5, ", '乙': '5'": 0.5}),
    ]
    found = expected("{'甲': 8, '乙': '7'}", tokens)
    assert found.scores == pytest.approx({"甲": (0.4 * 8 + 0.2 * 9) / 0.6, "乙": 6.0})
    assert found.mass == pytest.approx({"甲": 0.6, "乙": 1.0})


def test_what_stands_before_a_score_must_be_the_same() -> None:
    tokens = [token("{'甲':"), listing(" 8", {" 8": 0.5, " 7": 0.25, "3": 0.125, "'3": 0.125}), token("}")]
    assert expected("{'甲': 8}", tokens, ["甲"]).scores["甲"] == pytest.approx((0.5 * 8 + 0.25 * 7) / 0.75)


def test_several_spellings_of_a_score_add_up() -> None:
    place = listing("8,", {"8,": 0.3, "8": 0.2, "8}": 0.1, "6,": 0.4})
    found = expected("{'甲': 8,}", [token("{'甲': "), place, token("}")], ["甲"])
    assert found.scores["甲"] == pytest.approx(0.6 * 8 + 0.4 * 6)


# 1 or 10.


def test_ten_drawn_in_two_tokens() -> None:
    """P(10) = 0.6 · 0.9 = 0.54, P(1) = 0.6 · 0.1 = 0.06, P(9) = 0.4."""
    place = [listing("1", {"1": 0.6, "9": 0.4}), listing("0", {"0": 0.9, "}": 0.06, ",": 0.04})]
    found = one(place, "{'甲': 10}")
    assert found.scores["甲"] == pytest.approx(5.4 + 0.06 + 3.6)
    assert found.mass["甲"] == pytest.approx(1.0)


def test_one_drawn_where_ten_has_two_tokens() -> None:
    """P(10) = 0.8 · 0.25 = 0.2, P(1) = 0.8 · 0.7 = 0.56, P(2) = 0.2; 0.8 · 0.05 would be 12 or 100, which is no score."""
    place = [listing("1", {"1": 0.8, "2": 0.2}), listing("}", {"}": 0.7, "0": 0.25, "2": 0.03, "00": 0.02})]
    found = expected("{'甲': 1}", [token("{'甲': "), *place], ["甲"])
    assert found.scores["甲"] == pytest.approx((2.0 + 0.56 + 0.4) / 0.96)
    assert found.mass["甲"] == pytest.approx(0.96)


def test_ten_as_one_token_leaves_one_a_one() -> None:
    place = listing("8", {"8": 0.5, "10": 0.25, "1": 0.25})
    assert one([place]).scores["甲"] == pytest.approx(4.0 + 2.5 + 0.25)


def test_ten_drawn_as_one_token() -> None:
    place = listing(" 10", {" 10": 0.5, " 9": 0.5})
    found = expected("{'甲': 10}", [token("{'甲':"), place, token("}")], ["甲"])
    assert found.scores["甲"] == pytest.approx(9.5)


def test_a_one_that_may_be_ten_is_left_out_where_it_is_small() -> None:
    found = one([listing("8", {"8": 0.76, "9": 0.2, "1": 0.04})])
    assert found.scores["甲"] == pytest.approx((0.76 * 8 + 0.2 * 9) / 0.96)
    assert found.mass["甲"] == pytest.approx(0.96)


def test_a_one_that_may_be_ten_is_a_reason_where_it_is_large() -> None:
    found = one([listing("8", {"8": 0.7, "9": 0.2, "1": 0.1})])
    assert the_reason(found) == "unseen: 10% of the probability is on tokens not listed, or a 1 that may be 10"


def test_what_follows_a_one_must_be_listed() -> None:
    found = one([listing("1", {"1": 1.0}), listing("0", {"0": 0.8})], "{'甲': 10}")
    assert the_reason(found).startswith("unseen: 20% ")


def test_half_a_character_after_a_one_may_be_a_full_width_nought() -> None:
    place = [token("1"), listing(b"\xef", {b"\xef": 0.9, ",": 0.1})]
    tokens = [token("{'甲': "), *place, token(b"\xbc\x8c'"), token("乙': 8}")]
    found = expected("{'甲': 1，'乙': 8}", tokens)
    assert found.reasons["甲"].startswith("unseen: 90% ")
    assert found.dimensions is None


# Fractions.


def test_a_half_stays_with_the_whole_it_was_drawn_with() -> None:
    place = [listing("6", {"6": 0.6, "7": 0.4}), token("."), token("5")]
    assert one(place, "{'甲': 6.5}").scores["甲"] == pytest.approx(0.6 * 6.5 + 0.4 * 7)


def test_one_and_a_half_is_no_ten() -> None:
    place = [token("1"), listing(".", {".": 0.75, "0": 0.25}), token("5")]
    assert one(place, "{'甲': 1.5}").scores["甲"] == pytest.approx(0.75 * 1.5 + 2.5)


def test_a_number_written_in_an_odd_way_has_no_expected_score() -> None:
    assert the_reason(one([token("08")], "{'甲': 08}")) == "not a plain number: 08"


# The rule for a verdict.


def test_a_mean_never_mixes_expected_scores_with_drawn_ones() -> None:
    tokens = [token("{'甲': "), token("8"), token(", '乙': "), listing("6", {"6": 0.5, "1": 0.5}), token("}")]
    found = expected("{'甲': 8, '乙': 6}", tokens)
    assert found.scores == {"甲": 8.0}
    assert found.reasons == {"乙": "unseen: 50% of the probability is on tokens not listed, or a 1 that may be 10"}
    assert found.dimensions is None


def test_a_short_list_is_a_reason() -> None:
    assert the_reason(one([listing("8", {"8": 0.55, "7": 0.35})])).startswith("unseen: 10% ")
    bare = {"token": "8", "logprob": math.log(0.6), "bytes": None}
    assert the_reason(one([bare])).startswith("unseen: 40% ")


def test_a_place_of_something_else_is_a_reason() -> None:
    found = one([listing("8", {"8": 0.3, "优": 0.7})])
    assert the_reason(found) == "no place of a score: only 30% of the probability is on 1 to 10"


# Laying tokens against the reply.


def test_characters_split_over_tokens_stand_before_the_score() -> None:
    place = listing("8", {"8": 0.5, "6": 0.5})
    tokens = [token("{'"), token("甲".encode()[:1]), token("甲".encode()[1:] + b"': "), place, token("}")]
    assert expected("{'甲': 8}", tokens, ["甲"]).scores["甲"] == pytest.approx(7.0)


def test_characters_split_over_tokens_stand_after_the_first_score() -> None:
    tokens = [
        token("{'甲': "),
        token("8"),
        token(b", '" + "乙".encode()[:2]),
        token("乙".encode()[2:] + b"': "),
        listing("6", {"6": 0.5, "5": 0.5}),
        token("}"),
    ]
    assert expected("{'甲': 8, '乙': 6}", tokens).dimensions == pytest.approx({"甲": 8.0, "乙": 5.5})


def test_what_a_server_makes_of_split_characters_in_the_prose_does_not_matter() -> None:
    tokens = [token("写得\ufffd\ufffd。{'甲': "), listing("8", {"8": 0.5, "6": 0.5}), token("}")]
    assert expected("写得𪚥。{'甲': 8}", tokens, ["甲"]).scores["甲"] == pytest.approx(7.0)


def test_split_characters_that_are_lost_among_the_scores_are_a_reason() -> None:
    found = expected(
        "{'甲': 8, '乙': 6}", [token("{'甲': "), token("8"), token(", '\ufffd': "), token("6"), token("}")]
    )
    assert set(found.reasons.values()) == {"not aligned: the tokens do not end as the reply does"}
    assert list(found.reasons) == NAMES


def test_a_full_width_score() -> None:
    place = listing("８", {"８": 0.5, "７": 0.25, "9": 0.25})
    found = expected("｛“甲”：８｝", [token("｛“甲”："), place, token("｝")], ["甲"])
    assert found.scores["甲"] == pytest.approx(8.0)
    ten = [listing("１", {"１": 0.5, "９": 0.5}), token("０")]
    found = expected("｛“甲”：１０｝", [token("｛“甲”："), *ten, token("｝")], ["甲"])
    assert found.scores["甲"] == pytest.approx(9.5)


def test_a_full_width_score_split_over_tokens_is_no_place_of_a_score() -> None:
    place = [token("８".encode()[:2]), token("８".encode()[2:])]
    found = expected("｛“甲”：８｝", [token("｛“甲”："), *place, token("｝")], ["甲"])
    assert the_reason(found).startswith("no place of a score: only 0% ")


PLACE = [listing("8", {"8": 0.5, "6": 0.5}), token("}")]


@pytest.mark.parametrize(
    ("reply", "tokens"),
    [
        ("好{'甲': 8}", [token("<think>"), token("{'甲': 9}"), token("</think>\n\n"), token("好{'甲': "), *PLACE]),
        ("好{'甲': 8}", [token("{'甲': 8}"), token("</think>"), token("好{'甲': "), *PLACE]),
        ("<think>想</think>{'甲': 8}", [token("想</think>"), token("{'甲': "), *PLACE]),
        ("<think>想</think>{'甲': 8}", [token("<think>想</think>"), token("{'甲': "), *PLACE]),
        ("{'甲': 8}", [token("{'甲': "), *PLACE, token("<|im_end|>")]),
        ("{'甲': 8}", [token("{'甲': "), *PLACE, token("\n"), token("<|im_end|>"), token("</s>"), token("")]),
        ("{'甲': 8}", [token("{'甲': "), *PLACE, token("<｜end▁of▁sentence｜>")]),
        ("{'甲': 8}", [token("{'甲': "), token(""), PLACE[0], token(""), PLACE[1], token("[EOS]")]),
        ("{'甲': 8}<|im_end|>", [token("{'甲': "), *PLACE, token("<|im_end|>")]),
        ("{'\u200b甲\u200b': \u2060**8**\u200b}", [token("{'\u200b甲\u200b': \u2060**"), PLACE[0], token("**\u200b}")]),
    ],
)
def test_thoughts_end_marks_and_invisible_characters(reply: str, tokens: list[Token]) -> None:
    assert expected(reply, tokens, ["甲"]).scores == {"甲": pytest.approx(7.0)}


def test_bytes_may_be_null_or_missing() -> None:
    tokens = [token("{'甲': "), listing("8", {"8": 0.5, "6": 0.5}), token("}")]
    for each in tokens:
        each["bytes"] = None
        for other in each["top_logprobs"]:
            del other["bytes"]
    assert expected("{'甲': 8}", tokens, ["甲"]).scores["甲"] == pytest.approx(7.0)


@pytest.mark.parametrize(
    "tokens",
    [
        [token("{'甲': "), token("8"), token("}"), token("。")],
        [token("{'甲': "), token("8")],
        [token("{'甲': "), token("7"), token("}")],
        [token("Ġ{'çĶ²':"), token("Ġ8"), token("Ġ}")],
        [token("{'甲':8"), token("}"), token("{'甲': 9}")],
    ],
)
def test_tokens_that_are_not_the_reply(tokens: list[Token]) -> None:
    assert the_reason(expected("{'甲': 8}", tokens, ["甲"])) == "not aligned: the tokens do not end as the reply does"


def test_the_token_of_the_first_score_must_begin_as_the_reply_does() -> None:
    reason = the_reason(expected("{'甲': 8}", [token("{'甲'="), token("=8"), token("}")], ["甲"]))
    assert reason == "not aligned: the token of the first score begins otherwise than the reply"


# What a server should not send.


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_no_log_probabilities(nothing: Any) -> None:
    assert the_reason(expected("{'甲': 8}", nothing, ["甲"])) == "no log-probabilities"


@pytest.mark.parametrize(
    "tokens",
    [
        5,
        "abc",
        {"content": []},
        [None],
        ["{'甲': 8}"],
        [{"logprob": 0.0}],
        [{"token": 8}],
        [{"token": "8", "bytes": [256]}],
        [{"token": "8", "bytes": ["8"]}],
        [{"token": "\ud83d"}],
    ],
)
def test_what_is_no_list_of_tokens(tokens: Any) -> None:
    assert the_reason(expected("{'甲': 8}", tokens, ["甲"])) == "malformed: not a list of tokens"


@pytest.mark.parametrize(
    "listed",
    [
        5,
        {"8": -0.1},
        [None],
        [{"token": "7", "logprob": "-0.1"}],
        [{"token": None, "logprob": -1}],
        [{"token": "7", "bytes": [-1], "logprob": -1}],
        [{"token": "7", "logprob": 10**400}],
    ],
)
def test_what_is_no_list_of_candidates(listed: Any) -> None:
    found = one([{"token": "8", "bytes": None, "logprob": -0.1, "top_logprobs": listed}])
    assert the_reason(found) == "malformed: not a list of candidates"


def test_logits_are_no_log_probabilities() -> None:
    place = {"token": "8", "logprob": 17.5, "top_logprobs": [{"token": "7", "logprob": 12.25}]}
    assert the_reason(one([place])) == "malformed: the probabilities at a place add up to more than 1"


def test_no_dimensions_have_no_expected_scores() -> None:
    assert expected_scores("{}", {}, [token("{}")]).dimensions is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["8", "1", "}", "{'甲': "])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.fixed_dictionaries(
            {}, optional={"token": inner, "logprob": inner, "bytes": inner, "top_logprobs": st.lists(inner, max_size=3)}
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=500, deadline=None)
@given(JSON, st.booleans())
def test_nothing_that_a_server_sends_raises(sent: Any, as_list_of_candidates: bool) -> None:
    place = {"token": "8", "logprob": -0.1, "top_logprobs": sent}
    tokens = [token("{'甲': "), place, token("}")] if as_list_of_candidates else sent
    found = expected("{'甲': 8}", tokens, ["甲"])
    assert (found.dimensions is None) == bool(found.reasons)
    assert all(1 <= score <= 10 for score in found.scores.values())


WEIGHTS = st.lists(st.floats(0.001, 1), min_size=10, max_size=10)


@settings(max_examples=300, deadline=None)
@given(WEIGHTS, st.integers(1, 10))
def test_an_expected_score_lies_in_1_to_10_and_is_the_weighted_mean(weights: list[float], drawn: int) -> None:
    share = {str(score): weight / sum(weights) for score, weight in enumerate(weights, 1)}
    mean = sum(int(score) * p for score, p in share.items())
    found = one([listing(str(drawn), {**share})], f"{{'甲': {drawn}}}")
    assert found.scores["甲"] == pytest.approx(mean)
    assert 1 <= found.scores["甲"] <= 10
    assert from_loglikelihoods({score: math.log(p) - 70 for score, p in share.items()}) == pytest.approx(mean)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10), st.floats(0.96, 1))
def test_with_all_probability_on_it_the_drawn_score_is_the_expected_one(drawn: int, p: float) -> None:
    assert one([listing(str(drawn), {str(drawn): p})], f"{{'甲': {drawn}}}").scores == {"甲": float(drawn)}
    digits = [listing(digit, {digit: p**0.5}) for digit in str(drawn)]
    tokens = [token("{'甲': "), *digits, token("}")]
    assert expected(f"{{'甲': {drawn}}}", tokens, ["甲"]).scores == {"甲": float(drawn)}
    alone = {str(score): 0.0 if score == drawn else -math.inf for score in range(1, 11)}
    assert from_loglikelihoods(alone) == drawn


# Models in this process.


def test_continuations_are_written_as_the_score_is() -> None:
    reply = "｛“甲”：８，“乙”：6.0｝"
    found = read_scores(reply, NAMES)
    assert isinstance(found, Scores)
    before, asked = continuations(reply, found.spans["甲"])
    assert before == "｛“甲”："
    assert list(asked) == [str(score) for score in range(1, 11)]
    assert (asked["1"], asked["10"]) == ("１，", "１０，")
    before, asked = continuations(reply, found.spans["乙"])
    assert before == "｛“甲”：８，“乙”："
    assert (asked["1"], asked["10"], len(asked)) == ("1.0｝", "10.0｝", 10)


def test_likelihoods_of_1_to_10_by_hand() -> None:
    """Weights 1 : 2 : 1 on 7, 8 and 10, however small: (7 + 16 + 10) / 4."""
    values = {str(score): -math.inf for score in range(1, 11)}
    values |= {"7": -2000.0, "8": -2000.0 + math.log(2), "10": -2000.0}
    assert from_loglikelihoods(values) == pytest.approx(8.25)
    assert from_loglikelihoods({**values, "6.5": -2000.0}) == pytest.approx(7.9)


@pytest.mark.parametrize("broken", [{"1": math.nan, "2": -1.0}, {"1": -1.0, "2": math.nan}, {"1": -math.inf}])
def test_what_is_no_likelihood(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no likelihoods"):
        from_loglikelihoods(broken)
