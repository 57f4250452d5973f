"""Settings for a CPU that others use too. To be imported before torch."""

import ctypes
import os

# Threads that wait for each other by spinning lose most of a machine that others use too. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

# Tensors of a few MB are otherwise mapped and unmapped for each operation: half of the time went into page faults.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
ctypes.CDLL(None).mallopt(M_MMAP_MAX, 0)
ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
