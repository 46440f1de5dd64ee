"""Reads a table in a process of its own: structure, types, profile, preview, and how it fares against a schema.

`python -m registry.table_reader` reads a job as JSON from standard input and answers JSON on standard output. Only
registry/tables.py starts it. It imports nothing of Django; polars and pandera live nowhere else.
"""
