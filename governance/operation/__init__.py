"""Running Countersign on one machine: what `make run`, the scheduler and `make demo-reset` stand on."""
