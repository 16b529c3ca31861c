"""People's scores: sheets for graders out, marks in, and how far the graders agree with each other.

marks: what a mark is and where it is kept. Everything that uses people's scores reads it from there.
"""
