"""People's scores beside a judge's, a rule's and a baseline's: how far each follows them, and what moves it away.

sources: from runs and their marks, and files: from tables, to people's marks and scorers of the same answers. data: what
is told of them. ceiling: people beside people. bias: length, family, 文种. show: the tables.
"""
