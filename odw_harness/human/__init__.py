"""People's scores: sheets for graders out, marks in, and how far the graders agree with each other.

Out: exporting draws up who marks what (assign) under which code (key), as a grader may see it (blind), and hands it out
(handing) as a sheet in three forms: workbook, form (a page for the browser), labelstudio.
In: importing reads what came back (reading) into marks, which everything that uses people's scores reads: reliability here,
`agree`, `calibrate` and `report` elsewhere.
"""
