"""Pure numerics: numbers in, numbers with their intervals and conventions out. No Django, no files, no
clock."""
