"""Predictions from a scoring endpoint: `python -m evaluations.scoring` sends rows and keeps the answers.

It is a process of its own, because tables are read there; it has the network and one secret, and nothing else. Only
`process` is for others; `rows` alone loads numerical libraries.
"""
