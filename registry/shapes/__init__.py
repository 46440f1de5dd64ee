"""The registry's rows as the API takes and gives them."""
