"""Instructions drafted by a model behind any OpenAI-compatible server, described by a judge's YAML (backend: api).

A draft counts only if it gives every fact of the document and is no copy of it; otherwise the one made without a model
stands. Drafts are kept in a file as they arrive: what is paid for is not asked for again.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from odw_harness.errors import DataError
from odw_harness.judge.api import MOST_IN_VAIN, ApiJudge
from odw_harness.judge.base import ApiConfig, load_config
from odw_harness.judge.budget import Hopeless
from odw_harness.judge.client import ChatClient
from odw_harness.judge.writing import Reply
from odw_harness.reply import without_thoughts
from odw_harness.store import digest
from odw_harness.texts import storable
from odw_harness.traindata.elements import Elements, not_given

PROMPT = """下面是一份已经成稿的公文。请站在交办人的角度，为它写一条写作指令：撰稿人只凭这条指令，就能写出这份公文。

要求：
1. 写明文种、事由、发文机关、主送机关、发文字号、成文日期和附件名称，凡公文中有的都要写。
2. 公文中的全部事实都要写进指令，数字、日期、名称与原文一致，尤其是：{facts}。
3. 不抄写公文的套话和完整段落，不写公文中没有的内容。
4. 只输出指令本身，不加标题、解释和引号。

公文全文：
<公文>
{document}
</公文>"""
Keep = Callable[[str, Reply], None]
_COPY = 0.95
"""A draft longer than this share of the document is a copy of it rather than an instruction."""


@dataclass
class Asked:
    """What came of asking. drafts: by number of the document. Counted: refused drafts, and requests that failed."""

    drafts: dict[int, str]
    incomplete: int = 0
    failed: int = 0
    stopped: str | None = None


class Drafter:
    """A model that drafts instructions."""

    def __init__(self, name: str) -> None:
        """Take a judge's name or YAML. Raises JudgeError, and DataError where it is no server."""
        label, config = load_config(name)
        if not isinstance(config, ApiConfig) or config.batch:
            raise DataError(f"--draft-with {name}: must be a model behind a server: backend: api, without batch")
        self.label = label
        self._config = config.model_copy(update={"structured": False, "expected_scores": False})
        self._judge = ApiJudge(label, self._config)

    def draft(self, documents: Sequence[tuple[str, Elements]], kept: Path) -> Asked:
        """Instructions to some documents. kept: where replies are kept, a JSON object a line.

        Raises JudgeError where the model can't be used at all. Where it gives up later, what came before counts.
        """
        known = _read(kept)
        asked = Asked({})
        prompts = [_prompt(text, elements) for text, elements in documents]
        settings = self._config.model_dump_json(include={"base_url", "model", "temperature", "seed", "extra_body"})
        keys = [digest(settings, prompt) for prompt in prompts]
        missing = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in known}
        if missing:
            self._judge.preflight()
            with kept.open("a", encoding="utf-8", newline="\n") as file:
                file.write("\n" if file.tell() else "")  # after a line that a kill has cut

                def keep(key: str, reply: Reply) -> None:
                    asked.failed += reply.failed is not None
                    if reply.failed is None:
                        known[key] = storable(reply.text)
                        file.write(json.dumps({"key": key, "text": known[key]}, ensure_ascii=False) + "\n")
                        file.flush()

                asked.stopped = asyncio.run(self._ask(missing, keep))
        for number, (key, (text, elements)) in enumerate(zip(keys, documents, strict=True)):
            if key in known:
                instruction = (without_thoughts(known[key]) or "").strip()
                if (
                    instruction
                    and len(instruction) < _COPY * len(text)
                    and not not_given(needed(elements), instruction)
                ):
                    asked.drafts[number] = instruction
                else:
                    asked.incomplete += 1
        return asked

    async def _ask(self, prompts: Mapping[str, str], keep: Keep) -> str | None:
        """Ask, as many at once as the file allows; each reply is kept as it arrives. Returns why it stopped, if it did."""
        left = iter(prompts.items())
        at_once = 16 if self._config.concurrency == "auto" else int(self._config.concurrency)
        in_vain = 0
        stopped: list[str] = []
        async with ChatClient(self._config, self._judge.key) as client:
            with tqdm(total=len(prompts), desc=f"Drafting ({self.label})", unit="draft", file=sys.stderr) as bar:

                async def ask_on() -> None:
                    nonlocal in_vain
                    for key, prompt in left:
                        try:
                            reply = await client.ask(({"role": "user", "content": prompt},))
                            keep(key, reply)
                            bar.update()
                            in_vain = in_vain + 1 if reply.in_vain else 0
                            if in_vain >= max(MOST_IN_VAIN, at_once):
                                raise Hopeless(f"{in_vain} requests in a row got no reply; the last: {reply.failed}")
                        except Hopeless as fault:
                            client.closing = True
                            stopped.append(str(fault))
                        if client.closing:
                            return

                await asyncio.gather(*(ask_on() for _ in range(min(at_once, len(prompts)))))
        return stopped[0] if stopped else None


def needed(elements: Elements) -> tuple[str, ...]:
    """What a draft must give: every fact in the text, and the elements that stand on lines of their own."""
    own = (*elements.issuers, elements.signed_by, elements.doc_number, elements.signatory, elements.date)
    return tuple(dict.fromkeys(filter(None, (*own, *elements.facts))))


def _prompt(text: str, elements: Elements) -> str:
    return PROMPT.format(facts="、".join(needed(elements)), document=text.replace("</公文>", "〈/公文〉"))


def _read(kept: Path) -> dict[str, str]:
    """Replies of earlier runs. A line that a kill has cut is asked for again."""
    known: dict[str, str] = {}
    try:
        lines = kept.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return known
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{kept}: can't be read; it holds drafts of earlier runs, move it away to ask anew") from None
    for line in lines:
        try:
            row = json.loads(line)
            known[str(row["key"])] = str(row["text"])
        except (ValueError, TypeError, KeyError):
            continue
    return known
