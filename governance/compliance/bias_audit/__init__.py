"""The bias audit of New York City's Local Law 144 (6 RCNY 5-300 to 5-304), from the fairness runs on record."""
