"""The report card of a judge: cases of known effect, and how the judge scores them."""
