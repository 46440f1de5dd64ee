"""Scoring endpoints: where a version's predictions can be asked for, and who may say so."""
