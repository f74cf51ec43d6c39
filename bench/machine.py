"""The machine that a figure was measured on, as far as it explains the figure. No name, no address, no path."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine at one moment.

    Args:
        load: processes that wanted a core in the minute before (Unix); what others do counts.
    """

    cores: int
    cpu: str
    memory_mb: int
    system: str
    python: str
    load: float

    def __str__(self) -> str:
        memory = f"{self.memory_mb / 1024:.1f} GB"
        return f"{self.cores} cores, load {self.load:.2f}, {self.cpu}, {memory}, {self.system}, Python {self.python}"

    def is_like(self, other: Machine) -> bool:
        """Whether both are the same but for what else they did."""
        return replace(self, load=0) == replace(other, load=0)


def this_machine() -> Machine:
    """As it is now."""
    return Machine(
        cores=os.cpu_count() or 1,
        cpu=_cpu(),
        memory_mb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 2),
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # no Linux
        return platform.processor() or "an unknown processor"
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or "an unknown processor"
