"""How PostgreSQL is set for the machine that it shares with everything else."""

from collections.abc import Mapping

import psutil

from regulars.kernel import processors
from regulars.settings import Settings

_MB = 1_048_576
CONNECTIONS_BESIDE = 40
"""Of the relay, of rehearsals, of commands, and what PostgreSQL keeps back for its owner."""


def for_machine(connections: int = 0) -> Mapping[str, str]:
    """PostgreSQL settings: durable, modest in memory, and fast at many small commits.

    Args:
        connections: that the parts which serve keep at most.
    """
    memory_mb = psutil.virtual_memory().total // _MB
    # An eighth: members by the million and their indexes stay in it, instead of being written out and read
    # again by the very process that a till waits for.
    buffers_mb = min(4096, max(64, memory_mb // 8))
    cores = processors.usable()
    return {
        "shared_buffers": f"{buffers_mb}MB",
        "effective_cache_size": f"{max(256, memory_mb // 4)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{min(256, max(64, memory_mb // 32))}MB",
        "max_connections": str(max(100, connections + CONNECTIONS_BESIDE)),
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_buffers": "16MB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "64",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(min(2, cores // 2)),
        "autovacuum_naptime": "20s",
        "idle_in_transaction_session_timeout": "5min",
        # What fails is logged without the statement and the row, which may be personal.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
    }


def connections_of(settings: Settings) -> int:
    """Connections that web processes and worker keep at most: their pools, and tills' two beside them."""
    return (settings.serving_processes + 1) * (settings.database_connections + 2)
