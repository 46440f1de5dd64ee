"""The calls of the API about what people judged."""
