"""The same jobs as in one process, done by many: a Dask cluster somewhere, or worker processes on this machine.

    plan (expected minus stored, here) ─▶ jobs of some files ─▶ workers: read, store, return counters ─▶ one derivation
    for each issuer, on a worker ─▶ counted and told, here

The database is the only memory: a job is a transaction, and one that is done again finds its files known. So nothing is
lost or doubled when a worker, the scheduler or the client ends; the same command goes on from what is stored.

What a job does is the pipeline's; nothing here decides what to believe or what is missing. `distributed` is imported by
`opening`, `crew` and `turns` alone, and only when somebody asks for workers.
"""

from monitor.scale.hidden import Hidden
from monitor.scale.where import Where, refuse_elsewhere

__all__ = ["Hidden", "Where", "refuse_elsewhere"]
