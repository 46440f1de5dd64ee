"""Measuring data sets that have more rows than are held in memory: count the partitions, add up, then judge.

A partition is a row group of a Parquet file. `reading` makes rows of it, with the answers of the model or of columns;
`binary`, `multiclass`, `regression`, `calibration` and `stability` each say what is counted of rows and what follows
from the sum; `counted` holds and adds up counts. It does not matter which process, or which machine, counted which
partition, and memory does not grow with the rows.
"""
