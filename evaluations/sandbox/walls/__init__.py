"""What the child does to itself before it opens anything: Landlock, seccomp and limits. Standard library only."""
