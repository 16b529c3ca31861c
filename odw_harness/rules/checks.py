"""Every check, in the order of a document's head.

A check returns None where it does not apply.
"""

from odw_harness.rules import foot, head, wording
from odw_harness.rules.finding import Check, Finding, Level

__all__ = ["CHECKS", "Check", "Finding", "Level"]

CHECKS: tuple[Check, ...] = (
    head.doc_number_form,
    head.doc_number_value,
    head.signatory,
    head.title,
    head.title_organ,
    head.recipient,
    head.no_recipient,
    head.salutation,
    wording.numbering_form,
    wording.numbering_sequence,
    foot.attachment_note,
    foot.signature,
    foot.date,
    foot.imprint,
    foot.closing,
    wording.forbidden,
    wording.placeholder,
    wording.explanation,
    wording.punctuation,
    wording.address,
    wording.required_terms,
    wording.unsourced_figures,
    wording.length,
)
