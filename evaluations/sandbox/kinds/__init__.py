"""The kinds of evaluation, in the child.

Each module has `refuse(job)`, called before anything is read, and `measure(given)`.
"""
