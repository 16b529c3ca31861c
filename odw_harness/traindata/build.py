"""`odw data build`: pairs from the generator and from people's documents, checked, split and written."""

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from odw_harness.errors import DataError
from odw_harness.rules import Report
from odw_harness.texts import counted
from odw_harness.traindata.card import LONG, as_json, card, check_pair, duplicates, show, sound
from odw_harness.traindata.dataset import Folder, split
from odw_harness.traindata.diversity import plain
from odw_harness.traindata.draft import draft
from odw_harness.traindata.elements import elements_of
from odw_harness.traindata.pair import Pair
from odw_harness.traindata.rows import DRAFTS
from odw_harness.traindata.sources import Source, Sources, read_sources

COUNT = 400
UNKNOWN = "其他"
"""Stands for the 文种 of a document whose title names none."""


@dataclass(frozen=True)
class Asked:
    """What is to be built. See `odw data build --help`."""

    out: str
    sources: tuple[str, ...] = ()
    count: int | None = None
    seed: int = 0
    formatting: str = "alpaca"
    validation: float = 0.1
    draft_with: str | None = None
    drop_duplicates: bool = False
    require_valid: bool = False
    skip_bad: bool = False
    json: bool = False


def build(asked: Asked) -> int:
    """Build a training set. Returns the exit code: 2 where sources were skipped, unless that is accepted.

    Raises an OdwError for a mistake of the user's; nothing is written then.
    """
    if asked.draft_with and not asked.sources:
        raise DataError("--draft-with needs --from: the generator's instructions are its own")
    count = asked.count if asked.count is not None else (0 if asked.sources else COUNT)
    if count < 0 or (count == 0 and not asked.sources):
        raise DataError(f"--count {count}: must be a whole number from 1 up")
    found = read_sources(list(asked.sources)) if asked.sources else Sources()
    folder = Folder(asked.out, found.files)
    for told in (*found.skipped, *(f"note: {each}" for each in found.notices)):
        print(told, file=sys.stderr)
    if asked.sources and not found.documents:
        raise DataError(f"--from: none of {len(found.skipped)} files or rows can be used; see above")
    pairs, about = _drafted(found.documents, asked, folder)
    if count:
        from odw_harness.traindata.generate import generate

        pairs += generate(count, asked.seed)
    pairs, reports, alike, left_out = _chosen(pairs, asked)
    held = split(pairs, asked.seed, asked.validation)
    train = [pair for pair in pairs if pair.document not in held]
    validation = [pair for pair in pairs if pair.document in held]
    made = {
        "seed": asked.seed,
        "format": asked.formatting,
        "generated": count,
        "sources": list(dict.fromkeys(source.name.split(": ")[0] for source in found.documents)),
        "skipped": found.skipped,
        "drafts": about,
        "left_out": left_out,
        **card(train, validation, reports, alike),
    }
    files = folder.write(train, validation, asked.formatting, made)
    if asked.json:
        print(as_json(made))
    else:
        show(made)
    _tell(made, found, [str(file) for file in files], asked)
    return 2 if (found.skipped and not asked.skip_bad) or about.get("stopped") else 0


def _drafted(documents: list[Source], asked: Asked, folder: Folder) -> tuple[list[Pair], dict[str, Any]]:
    """A pair of each document, in its order, and what the drafting took. The same text given twice is one document."""
    wanted = [source for source in documents if source.instruction is None]
    drafts: dict[int, str] = {}
    about: dict[str, Any] = {"given": len(documents) - len(wanted), "without_model": len(wanted)} if documents else {}
    if asked.draft_with and wanted:
        from odw_harness.traindata.ask import Drafter

        drafter = Drafter(asked.draft_with)
        told = drafter.draft([(each.text, elements_of(each.text, each.genre)) for each in wanted], folder.path / DRAFTS)
        drafts = {id(wanted[number]): text for number, text in told.drafts.items()}
        about |= {"by": drafter.label, "by_model": len(drafts), "without_model": len(wanted) - len(drafts)}
        about |= {"refused": told.incomplete, "failed": told.failed}
        about |= {"stopped": told.stopped} if told.stopped else {}
    pairs: dict[str, Pair] = {}
    for source in documents:
        pair = _pair(source, drafts.get(id(source)), asked.seed)
        pairs.setdefault(pair.id if source.instruction else pair.document, pair)
    if len(pairs) < len(documents):
        about["repeated"] = len(documents) - len(pairs)
    return list(pairs.values()), about


def _pair(source: Source, drafted: str | None, seed: int) -> Pair:
    document = hashlib.sha256(plain(source.text).encode()).hexdigest()[:16]
    style, instruction, elements = draft(source.text, seed, source.genre)
    genre = elements.genre or UNKNOWN
    if source.instruction is not None:
        asked = hashlib.sha256(source.instruction.encode("utf-8", "replace")).hexdigest()[:8]
        return Pair(f"{document}-{asked}", document, genre, "given", source.instruction, source.text)
    if drafted is not None:
        return Pair(f"{document}-model", document, genre, "model", drafted, source.text, elements.facts)
    return Pair(f"{document}-{style}", document, genre, style, instruction, source.text, elements.facts)


def _chosen(
    pairs: list[Pair], asked: Asked
) -> tuple[list[Pair], dict[str, Report], dict[str, tuple[str, bool]], dict[str, int]]:
    """The pairs that are wanted, with their reports and likenesses, and how many were left out for what."""
    reports = {pair.id: check_pair(pair) for pair in _told(pairs)}
    left_out = {"invalid": 0, "duplicates": 0}
    if asked.require_valid:
        valid = [pair for pair in pairs if sound(reports[pair.id])]
        left_out["invalid"] = len(pairs) - len(valid)
        pairs = valid
    alike = duplicates(pairs)
    if asked.drop_duplicates:
        kept = [pair for pair in pairs if pair.document not in alike]
        left_out["duplicates"] = len(pairs) - len(kept)
        pairs, alike = kept, {}
    if not pairs:
        raise DataError("no pair is left: every one was left out; see --require-valid")
    return pairs, reports, alike, left_out


def _told(pairs: list[Pair]) -> Iterable[Pair]:
    from tqdm import tqdm

    return tqdm(pairs, desc="Checking", unit="pair", file=sys.stderr, delay=2, mininterval=1)


def _tell(made: dict[str, Any], found: Sources, files: list[str], asked: Asked) -> None:
    """What was written and what needs a look, to standard error."""
    counts = made["pairs"]
    total = len(found.documents) + len(found.skipped)
    notes = [
        f"wrote {counted(counts['train'], 'pair')} for training, {counts['validation']} for validation: {', '.join(files)}"
    ]
    drafts = made["drafts"]
    if "by" in drafts:
        notes.append(
            f"instructions: {drafts['by_model']} by {drafts['by']}, {drafts['without_model']} without a model "
            f"({drafts['refused']} drafts lacked facts or were copies, {drafts['failed']} requests failed)"
        )
    if drafts.get("stopped"):
        notes.append(f"error: drafting stopped: {drafts['stopped']}; what was drafted is kept: run again to go on")
    if drafts.get("repeated"):
        notes.append(f"note: documents that were there before, and are taken once: {drafts['repeated']}")
    if long := made["characters"][f"over_{LONG}"]:
        notes.append(
            f"note: {counted(long, 'pair')} with over {LONG} characters; a cutoff_len of 2048 tokens may cut their ends off"
        )
    if found.skipped and not asked.skip_bad:
        notes.append(
            f"error: {len(found.skipped)} of {total} documents were skipped, see above; --skip-bad accepts that"
        )
    print("\n".join(notes), file=sys.stderr)
