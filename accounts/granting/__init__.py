"""Roles of consequence are given by two people: one administrator asks, somebody else confirms.

Whoever signs and whoever gives roles are kept apart: otherwise one person could make a second account and approve
with it. `rules` says which roles these are and who may decide, `actions` keeps the wishes.
"""
