"""Training data: pairs of an instruction and the document that answers it, made, imported, split and checked."""
