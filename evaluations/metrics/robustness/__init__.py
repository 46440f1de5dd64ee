"""What happens to a model's answers when its inputs are not as they should be."""
