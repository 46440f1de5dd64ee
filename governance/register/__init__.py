"""The public register: which models the organisation runs, told to anybody, in words that somebody chose to publish."""
