"""Every error a user can cause, each a single line: what, where, and what to do.

OdwError
├── QuestionError   a questions file or one of its rows is wrong
├── DocumentError   a document to check can't be read
├── AnswerError     a file of saved answers, or the place for what is made of them, is wrong
├── JudgeError      a judge's file is wrong, or the judge can't be used
├── RubricError     no such rubric
├── ModelError      the embedded model is missing or damaged
├── ConvertError    a checkpoint or an adapter can't be converted
├── StoreError      the store can't be opened, written or understood
├── DataError       training data, or a file that it is to be made from, is wrong
├── MarkError       people's marks, a grader's sheet or its key are wrong
├── TaskError       a run was asked for that can't be done
└── ConfigError     a training configuration, or a model's file for one, can't be read or is wrong
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class OdwError(Exception):
    """Base of all errors with a message meant for the user. `str(error)` is one line."""


class QuestionError(OdwError):
    """A questions file or one of its rows is wrong."""


class DocumentError(OdwError):
    """A document to check can't be read."""


class AnswerError(OdwError):
    """A file of saved answers, or the place for what is made of them, is wrong."""


class JudgeError(OdwError):
    """A judge's file is wrong, or the judge can't be used."""


class RubricError(OdwError):
    """There is no such rubric."""


class ModelError(OdwError):
    """The embedded model is missing or damaged."""


class ConvertError(OdwError):
    """A checkpoint or an adapter can't be converted."""


class StoreError(OdwError):
    """The store can't be opened, written or understood."""


class DataError(OdwError):
    """Training data, or a file that it is to be made from, is wrong."""


class MarkError(OdwError):
    """People's marks, a grader's sheet or its key are wrong."""


class TaskError(OdwError):
    """A run was asked for that can't be done."""


class ConfigError(OdwError):
    """A training configuration, or a model's file for one, can't be read or is wrong."""


def first_fault(error: "ValidationError", what: str) -> str:
    """The first fault that pydantic found, as `field NAME: what is wrong`; what says whose field it is."""
    fault = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in fault["loc"] if not str(part).startswith(("function-", "tuple[")))
    message = {
        "missing": "is missing; add it",
        "extra_forbidden": f"is no field of {what}; remove it or correct its name",
    }.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"field {field}: {message}"
