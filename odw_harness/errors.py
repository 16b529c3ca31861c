"""Every error a user can cause, each a single line: what, where, and what to do.

OdwError
├── QuestionError   a questions file or one of its rows is wrong
├── DocumentError   a document to check can't be read
├── JudgeError      a judge's file is wrong, or the judge can't be used
├── ModelError      the embedded model is missing or damaged
├── StoreError      the store can't be opened, written or understood
└── TaskError       a run was asked for that can't be done
"""


class OdwError(Exception):
    """Base of all errors with a message meant for the user. `str(error)` is one line."""


class QuestionError(OdwError):
    """A questions file or one of its rows is wrong."""


class DocumentError(OdwError):
    """A document to check can't be read."""


class JudgeError(OdwError):
    """A judge's file is wrong, or the judge can't be used."""


class ModelError(OdwError):
    """The embedded model is missing or damaged."""


class StoreError(OdwError):
    """The store can't be opened, written or understood."""


class TaskError(OdwError):
    """A run was asked for that can't be done."""
