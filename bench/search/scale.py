"""How an index grows: build time, memory, opening, latency and recall from 10^4 vectors up, clustered, of 128 dimensions.

One line a size, printed as it is measured: the program indexes a .npy (`index --from-npy`) and searches it (`search
--vectors`); resident memory is the most that the kernel counted for the process (VmHWM, mapped pages included). The vectors
are drawn in pieces and the true neighbours found in pieces, so that this script needs little memory itself.

    bench/search/scale.sh [--sizes 10000,100000,1000000] [--storage fp32] [--set index.hnsw.m=16]
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np

import data

K, QUERIES, PIECE = 10, 1000, 100_000


def run(program, settings, *arguments):
    """The JSON that it prints, wall seconds, and its largest resident size in MB."""
    command = [program, "-q", *map(str, arguments), *settings]
    start = time.perf_counter()
    largest = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        # Looked at as it runs: what wait4 counts begins with this script's own memory at the fork.
        while process.poll() is None:
            largest = max(largest, largest_resident_kb(process.pid))
            time.sleep(0.002)
        printed = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
    return json.loads(printed), time.perf_counter() - start, largest * 1024 / 1e6


def largest_resident_kb(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    if name != "clipsim":  # not yet: the fork of this script
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def write_vectors(folder, count):
    """v.npy and q.npy in the folder, and the true neighbours of the queries."""
    rng = np.random.default_rng(1)
    centres = data.unit(rng.standard_normal((max(10, count // 100), data.DIMENSION), dtype=np.float32))

    def draw(n):
        noise = rng.standard_normal((n, data.DIMENSION), dtype=np.float32) * (data.NOISE / np.sqrt(data.DIMENSION))
        return data.unit(centres[rng.integers(0, len(centres), n)] + noise)

    queries = draw(QUERIES)
    np.save(folder / "q.npy", queries)
    vectors = np.lib.format.open_memmap(folder / "v.npy", mode="w+", dtype=np.float32, shape=(count, data.DIMENSION))
    scores = np.full((QUERIES, K), -2, np.float32)
    rows = np.zeros((QUERIES, K), np.int64)
    for first in range(0, count, PIECE):
        piece = draw(min(PIECE, count - first))
        vectors[first:first + len(piece)] = piece
        products = queries @ piece.T
        best = np.argpartition(-products, K - 1, axis=1)[:, :K]
        scores = np.hstack([scores, np.take_along_axis(products, best, 1)])
        rows = np.hstack([rows, best + first])
        kept = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        scores, rows = np.take_along_axis(scores, kept, 1), np.take_along_axis(rows, kept, 1)
    vectors.flush()
    return rows


def measure(options, folder, count):
    truth = write_vectors(folder, count)
    settings = ["--set", f"output_dir={folder}/out", "--set", f"index.storage={options.storage}"]
    for pair in options.set:
        settings += ["--set", pair]
    built, wall, build_memory = run(options.program, settings, "index", "--from-npy", folder / "v.npy", "--stats")
    search = ("search", "--vectors", folder / "q.npy", "-k", K, "--output", folder / "i.npy", "--stats")
    batch, _, memory = run(options.program, settings, *search)
    single, _, _ = run(options.program, settings, *search, "--one-by-one")
    found = np.load(folder / "i.npy")
    recall = np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist())]) / K
    size = (folder / "out/index/index.faiss").stat().st_size / 1e6
    print(f"{count:>10} {built['index_type']:>6} {wall:>8.1f} {built['build_seconds']:>8.1f} {build_memory:>9.0f} {size:>8.0f} "
          f"{1000 * batch['load_seconds']:>8.1f} {memory:>10.0f} {1e6 * single['seconds'] / QUERIES:>9.0f} "
          f"{batch['queries_per_second']:>8.0f} {recall:>7.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--storage", default="fp32")
    parser.add_argument("--set", action="append", default=[], help="a config override for the program")
    options = parser.parse_args()
    print(f"storage {options.storage} {' '.join(options.set)}")
    print(f"{'vectors':>10} {'type':>6} {'total s':>8} {'build s':>8} {'build MB':>9} {'file MB':>8} {'open ms':>8} "
          f"{'search MB':>10} {'us/query':>9} {'QPS':>8} {'recall':>7}")
    for count in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(options, pathlib.Path(folder), count)


if __name__ == "__main__":
    main()
