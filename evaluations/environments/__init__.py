"""Environments of versions' own: what a version asks for, built once for each set of requirements, kept, and used by
the child that predicts. Only wheels are installed, so building runs nobody's code."""
