"""Whether what was learned still holds: data and score against a reference, performance there and here and over
time, decisions of two versions."""
