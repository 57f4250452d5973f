"""clipsim's HNSW against faiss-cpu, hnswlib and usearch: build time, and queries a second at equal recall.

Every system gets the same unit vectors, M, efConstruction 200 and threads. For each recall@10 target the narrowest search
of a ladder that reaches it is taken; then all systems search in turn, round after round, and the best round of each
counts. clipsim runs as the program (`index --from-npy`, `search --vectors --stats`), the peers in this process. A peer
that does not reach a target within the ladder shows "-".

    bench/search/run.sh [--count N] [--m 16,32] [--threads T]
"""

import argparse
import json
import pathlib
import platform
import subprocess
import tempfile
import time

import numpy as np

DIMENSION, K, QUERIES = 128, 10, 5000
LADDER = (10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
TARGETS = (0.95, 0.99, 0.999)
EF_CONSTRUCTION = 200
ROUNDS = 5


def clustered(count, queries, seed=1):
    """Unit vectors around random centres, a hundred a centre: what photos of things look like to a fine-tuned model."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((max(10, count // 100), DIMENSION)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)

    def draw(n):
        noise = rng.standard_normal((n, DIMENSION)).astype(np.float32) * (0.7 / np.sqrt(DIMENSION))
        rows = centres[rng.integers(0, len(centres), n)] + noise
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return draw(count), draw(queries)


class Clipsim:
    def __init__(self, program, folder, vectors, queries, m, threads):
        self.command = [str(program), "-q"]
        self.folder, self.threads = folder, str(threads)
        np.save(folder / "v.npy", vectors)
        np.save(folder / "q.npy", queries)
        self.settings = ["--set", f"output_dir={folder}/out", "--set", "index.type=hnsw", "--set", f"index.hnsw.m={m}",
                         "--set", f"index.hnsw.ef_construction={EF_CONSTRUCTION}", "--threads", self.threads]
        self.build_seconds = self.run("index", "--from-npy", folder / "v.npy", "--stats")["build_seconds"]

    def run(self, *arguments):
        command = self.command + [str(a) for a in arguments] + self.settings
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    def search(self, width):
        """Seconds of the search alone, and row ids."""
        stats = self.run("search", "--vectors", self.folder / "q.npy", "-k", K, "--output", self.folder / "i.npy",
                         "--stats", "--set", f"index.hnsw.ef_search={width}")
        return stats["seconds"], np.load(self.folder / "i.npy")


class Peer:
    def __init__(self, vectors, queries, m, threads):
        self.queries, self.threads = queries, threads
        start = time.perf_counter()
        self.build(vectors, m)
        self.build_seconds = time.perf_counter() - start

    def search(self, width):
        self.set_width(width)
        start = time.perf_counter()
        ids = self.find()
        return time.perf_counter() - start, ids


class Faiss(Peer):
    def build(self, vectors, m):
        import faiss

        faiss.omp_set_num_threads(self.threads)
        self.index = faiss.IndexHNSWFlat(DIMENSION, m, faiss.METRIC_INNER_PRODUCT)
        self.index.hnsw.efConstruction = EF_CONSTRUCTION
        self.index.add(vectors)

    def set_width(self, width):
        self.index.hnsw.efSearch = width

    def find(self):
        return self.index.search(self.queries, K)[1]


class Hnswlib(Peer):
    def build(self, vectors, m):
        import hnswlib

        self.index = hnswlib.Index("ip", DIMENSION)
        self.index.init_index(len(vectors), M=m, ef_construction=EF_CONSTRUCTION)
        self.index.set_num_threads(self.threads)
        self.index.add_items(vectors)

    def set_width(self, width):
        self.index.set_ef(width)

    def find(self):
        return self.index.knn_query(self.queries, K)[0]


class Usearch(Peer):
    dtype = "f32"

    def build(self, vectors, m):
        from usearch.index import Index

        self.index = Index(ndim=DIMENSION, metric="ip", dtype=self.dtype, connectivity=m,
                           expansion_add=EF_CONSTRUCTION)
        self.index.add(np.arange(len(vectors)), vectors, threads=self.threads)

    def set_width(self, width):
        self.index.expansion_search = width

    def find(self):
        return self.index.search(self.queries, K, threads=self.threads).keys


class UsearchHalf(Usearch):
    dtype = "f16"


class UsearchByte(Usearch):
    dtype = "i8"


def recall(found, truth):
    return float(np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist())])) / K


def exact(vectors, queries):
    import faiss

    index = faiss.IndexFlatIP(DIMENSION)
    index.add(vectors)
    return index.search(queries, K)[1]


def narrowest(system, truth):
    """Target -> (width, recall) of the first step of the ladder that reaches it."""
    found = {}
    for width in LADDER:
        reached = recall(system.search(width)[1].astype(np.int64), truth)
        for target in TARGETS:
            if reached >= target and target not in found:
                found[target] = (width, reached)
        if len(found) == len(TARGETS):
            break
    return found


def compare(program, vectors, queries, m, threads):
    truth = exact(vectors, queries)
    with tempfile.TemporaryDirectory() as folder:
        systems = {"clipsim": Clipsim(program, pathlib.Path(folder), vectors, queries, m, threads)}
        for name, kind in (("faiss-cpu", Faiss), ("hnswlib", Hnswlib), ("usearch f32", Usearch),
                           ("usearch f16", UsearchHalf), ("usearch i8", UsearchByte)):
            systems[name] = kind(vectors, queries, m, threads)
        widths = {name: narrowest(system, truth) for name, system in systems.items()}
        best = {}
        for _ in range(ROUNDS):
            for target in TARGETS:
                for name, system in systems.items():
                    if target in widths[name]:
                        seconds = system.search(widths[name][target][0])[0]
                        best[name, target] = min(best.get((name, target), seconds), seconds)

        print(f"\n{len(vectors)} x {DIMENSION}, M {m}, efConstruction {EF_CONSTRUCTION}, {threads} threads, "
              f"{len(queries)} queries, best of {ROUNDS} rounds")
        print(f"{'':12}{'build s':>9}" + "".join(f"{f'QPS @ {t}':>16} (ef)" for t in TARGETS))
        for name, system in systems.items():
            cells = "".join(
                f"{len(queries) / best[name, t]:>15.0f} {f'({widths[name][t][0]})':>5}" if t in widths[name] else f"{'-':>21}"
                for t in TARGETS)
            print(f"{name:12}{system.build_seconds:>9.1f}{cells}")
        peers = [name for name in systems if name != "clipsim"]
        ratios = []
        for target in TARGETS:
            rivals = [best[p, target] for p in peers if (p, target) in best]
            ratios.append(f"{min(rivals) / best['clipsim', target]:.2f}" if rivals else "-")
        fastest_build = min(systems[p].build_seconds for p in peers)
        print(f"{'against best':12}{fastest_build / systems['clipsim'].build_seconds:>8.2f}x"
              + "".join(f"{r + 'x':>15}      " for r in ratios), flush=True)


def real_vectors(file, count, queries, seed=2):
    """Embeddings of real photos (clipsim embed), repeated with a little noise until there are enough."""
    base = np.load(file).astype(np.float32)
    rng = np.random.default_rng(seed)

    def draw(n):
        rows = base[rng.integers(0, len(base), n)]
        rows = rows + rng.standard_normal(rows.shape).astype(np.float32) * (0.3 / np.sqrt(base.shape[1]))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    return draw(count), draw(queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--m", default="16,32")
    parser.add_argument("--threads", default="2,1")
    parser.add_argument("--real", help="a .npy of embeddings to draw from in place of the clusters")
    options = parser.parse_args()
    print(f"{platform.machine()}, {platform.processor() or 'unknown processor'}, Python {platform.python_version()}")
    vectors, queries = (real_vectors(options.real, options.count, QUERIES) if options.real
                        else clustered(options.count, QUERIES))
    for m in map(int, options.m.split(",")):
        for threads in map(int, options.threads.split(",")):
            compare(options.program, vectors, queries, m, threads)


if __name__ == "__main__":
    main()
