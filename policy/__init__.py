"""Decide which model versions may run: a pure function from evidence to a verdict.

Nothing in here knows Django, the clock or the database. The only files read are the data beside the code.
"""
