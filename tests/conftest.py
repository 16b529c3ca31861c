"""Real parts for the tests: a tiny Llama on disk, an lm-eval model whose likelihoods can be worked out by hand, a server."""

import math
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.judge.server import JudgeServer, serving


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c_reaches_who_is_started_here() -> None:
    """A job in the background of a script ignores SIGINT, and so would every process that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's store, and none inherits the user's judge."""
    from odw_harness import lmeval

    monkeypatch.setenv("ODW_STORE", str(tmp_path_factory.mktemp("store") / "store.sqlite"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("ODW_JUDGE", raising=False)
    lmeval.open_store.cache_clear()
    lmeval.find_judge.cache_clear()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Llama of two layers with random weights and a byte-level tokenizer, as an ordinary folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-llama")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate(["<s>", "</s>", "<pad>", "<|endoftext|>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")
    fast.chat_template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<assistant>"
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,  # 4-bit weights on a CPU come in blocks of 64
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=32768,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def copycat_loglikelihood(context: str, continuation: str) -> float:
    """Each character that the context holds costs ln 2, any other ln 1000."""
    known = set(context)
    return -sum(math.log(2) if mark in known else math.log(1000) for mark in continuation)


@pytest.fixture(scope="session", autouse=True)
def copycat() -> str:
    """The name under which lm-eval knows a model that expects what it has read, and writes what it is told to."""
    from lm_eval.api.model import LM
    from lm_eval.api.registry import register_model

    @register_model("copycat")
    class Copycat(LM):
        calls = 0
        answers: dict[str, str] = {}  # noqa: RUF012

        def __init__(self, **kwargs: Any) -> None:
            super().__init__()

        @classmethod
        def create_from_arg_obj(cls, arg_dict: Any, additional_config: Any = None) -> "Copycat":
            return cls()

        def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
            type(self).calls += len(requests)
            return [(copycat_loglikelihood(*request.args), False) for request in requests]

        def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
            raise NotImplementedError

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            return [type(self).answers.get(request.doc["id"], "一份空文件") for request in requests]

        def apply_chat_template(self, chat_history: Any, add_generation_prompt: bool = True) -> str:
            return "".join(f"<{turn['role']}>{turn['content']}" for turn in chat_history)

        @property
        def tokenizer_name(self) -> str:
            return "copycat"

    return "copycat"


@pytest.fixture
def copycat_judge(tmp_path: Path) -> Path:
    """A judge's YAML over copycat."""
    path = tmp_path / "copycat.yaml"
    path.write_text("backend: likelihood\nmodel: copycat\n", encoding="utf-8")
    return path


@pytest.fixture
def judge_server() -> Iterator[JudgeServer]:
    """A judge behind a server on this machine, well-behaved until told otherwise."""
    with serving() as server:
        yield server


@pytest.fixture
def served_judge(judge_server: JudgeServer, tmp_path: Path) -> Path:
    """A judge's YAML over judge_server."""
    path = tmp_path / "loop.yaml"
    path.write_text(f"backend: api\nbase_url: {judge_server.url}\nmodel: judge-1\n", encoding="utf-8")
    return path
