"""Control frameworks, the evidence that the record holds for each control, and what people conclude from it."""
