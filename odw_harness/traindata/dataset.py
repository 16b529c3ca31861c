"""Pairs as LLaMA-Factory's files: odw_train.jsonl, odw_val.jsonl and their entries in dataset_info.json."""

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from odw_harness.errors import DataError
from odw_harness.traindata.pair import Pair
from odw_harness.traindata.rows import CARD, INFO, TRAIN, VALIDATION, read_info
from odw_harness.written import written

FORMATS = ("alpaca", "sharegpt")
_ENTRIES: dict[str, dict[str, Any]] = {
    "alpaca": {
        "formatting": "alpaca",
        "columns": {"prompt": "instruction", "query": "input", "response": "output"},
    },
    "sharegpt": {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations"},
        "tags": {
            "role_tag": "from",
            "content_tag": "value",
            "user_tag": "human",
            "assistant_tag": "gpt",
            "system_tag": "system",
        },
    },
}
"""By format, the entry of a file of it; names as LLaMA-Factory 0.9.5 has them (data/README.md)."""


def split(pairs: Iterable[Pair], seed: int, share: float) -> set[str]:
    """The documents that are for validation: about that share of every 文种, whole documents only.

    A document's place is a hash of seed and document, so that documents that come later move none that are there. A
    文种 with documents enough for one (1 / share) of which none is drawn gives its first; so does the whole, from two
    documents up. Only such a place can be taken over by a later document.
    """
    if share == 0:
        return set()
    places: dict[str, dict[str, float]] = defaultdict(dict)
    for pair in pairs:
        draw = hashlib.sha256(f"{seed}\0{pair.document}".encode()).digest()
        places[pair.genre][pair.document] = int.from_bytes(draw[:8], "big") / 2**64
    drawn: set[str] = set()
    for of_genre in places.values():
        own = {document for document, place in of_genre.items() if place < share}
        if not own and len(of_genre) * share >= 1:
            own = {min(of_genre, key=lambda document: of_genre[document])}
        drawn |= own
    everything = {document: place for of_genre in places.values() for document, place in of_genre.items()}
    if not drawn and len(everything) > 1:
        drawn = {min(everything, key=lambda document: everything[document])}
    if len(drawn) == len(everything) > 1:
        drawn.remove(max(everything, key=lambda document: everything[document]))
    return drawn


def row(pair: Pair, formatting: str) -> dict[str, Any]:
    """A line of the file: what is trained on, and what the pair is."""
    about = {name: value for name, value in asdict(pair).items() if name not in ("instruction", "output")}
    if formatting == "alpaca":
        return {"instruction": pair.instruction, "input": "", "output": pair.output, **about}
    turns = [{"from": "human", "value": pair.instruction}, {"from": "gpt", "value": pair.output}]
    return {"conversations": turns, **about}


class Folder:
    """The folder that the data goes to. Seen to be writable at once; each file appears under its name when it is whole."""

    def __init__(self, out: str, inputs: Iterable[Path] = ()) -> None:
        """Make the folder, and read the dataset_info.json that is there. Raises DataError."""
        self.path = Path(out).expanduser()
        self._inputs = [str(each) for each in inputs]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise DataError(f"-o {out}: is a file; name a folder") from None
        except OSError as error:
            raise DataError(f"-o {out}: can't be made: {error.strerror}") from None
        try:
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise DataError(f"-o {out}: can't be written to: {error.strerror}") from None
        info = self.path / INFO
        self._info = read_info(info) if info.exists() else {}
        read = {Path(each).resolve() for each in self._inputs}
        for name in (f"{TRAIN}.jsonl", f"{VALIDATION}.jsonl"):
            if (self.path / name).resolve() in read:
                raise DataError(f"-o {out}: {name} in it is a file that this run reads; name another folder")

    def write(self, train: list[Pair], validation: list[Pair], formatting: str, card: dict[str, Any]) -> list[Path]:
        """Write the files; without validation pairs its file and entry go. Foreign entries stay. Raises AnswerError."""
        parts = {TRAIN: train, VALIDATION: validation}
        kept = {name: entry for name, entry in self._info.items() if name not in parts}
        own = {name: {"file_name": f"{name}.jsonl", **_ENTRIES[formatting]} for name, pairs in parts.items() if pairs}
        texts = {f"{name}.jsonl": _lines(pairs, formatting) for name, pairs in parts.items() if pairs}
        texts[INFO] = json.dumps(kept | own, ensure_ascii=False, indent=2) + "\n"
        texts[CARD] = json.dumps(card, ensure_ascii=False, indent=1) + "\n"
        with ExitStack() as files:
            for name, text in texts.items():
                target = files.enter_context(
                    written("-o", str(self.path / name), self._inputs, "; make room and run again")
                )
                target.write(text)
                target.flush()
        if not validation:
            (self.path / f"{VALIDATION}.jsonl").unlink(missing_ok=True)
        return [self.path / name for name in texts]


def _lines(pairs: list[Pair], formatting: str) -> str:
    return "".join(json.dumps(row(pair, formatting), ensure_ascii=False) + "\n" for pair in pairs)
