"""Counting partitions on a Dask cluster: `python -m evaluations.cluster` asks its scheduler; each of its workers runs
the sandbox for each partition.

Only `work` runs on the cluster. dask.distributed loads in this process and on the cluster, nowhere else.
"""
