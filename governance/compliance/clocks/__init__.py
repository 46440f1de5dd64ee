"""Periods that law sets, as data, and what is due by them."""
