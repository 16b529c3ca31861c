"""Texts of models, made fit to be stored and judged."""

from typing import Any


def storable(text: str | None) -> str:
    """A response as text that any file takes: a server may send null, or half of a surrogate pair.

    >>> storable(None), storable("好\\ud83d")
    ('', '好?')
    """
    return (text or "").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: Any) -> Any:
    """What JSON gave, with every text in it storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [storable_json(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): storable_json(each) for name, each in value.items()}
    return value


def document_of(text: str) -> str:
    """The document in a model's output: what follows a block of thoughts, which must have an end.

    >>> document_of("<think>先想标题</think>\\n关于放假的通知")
    '关于放假的通知'
    >>> document_of("<think>想了很久，没有写")
    ''
    """
    if text.lstrip().startswith("<think>"):
        return text.partition("</think>")[2].lstrip()
    return text
