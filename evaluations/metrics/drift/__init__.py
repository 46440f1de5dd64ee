"""How far a distribution has moved from another one: out of counts, which add up over parts, or out of values."""
