"""Forms of the registry. Plain ones: they tidy what came in, and the actions judge it."""
