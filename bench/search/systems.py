"""clipsim and its peers behind one interface: build, then search with a width, in a batch or one query a call."""

import json
import pathlib
import subprocess
import time

import numpy as np

K = 10
EF_CONSTRUCTION = 200


class Clipsim:
    """The program: `index --from-npy`, `search --vectors --stats`."""

    def __init__(self, program, folder, vectors, queries, threads, settings):
        self.command = [str(program), "-q"]
        self.folder, self.threads = pathlib.Path(folder), threads
        np.save(self.folder / "v.npy", vectors)
        np.save(self.folder / "q.npy", queries)
        self.settings = ["--set", f"output_dir={folder}/out"]
        for key, value in settings.items():
            self.settings += ["--set", f"{key}={value}"]
        self.build_seconds = self.run(threads, "index", "--from-npy", self.folder / "v.npy",
                                      "--stats")["build_seconds"]

    def run(self, threads, *arguments):
        command = self.command + [str(a) for a in arguments] + self.settings + ["--threads", str(threads)]
        return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

    def search(self, width, one_by_one=False):
        """Seconds of the search alone, and row ids."""
        width = ["--set", f"index.hnsw.ef_search={width}"] if width else []
        single = ["--one-by-one"] if one_by_one else []
        stats = self.run(self.threads, "search", "--vectors", self.folder / "q.npy", "-k", K, "--output",
                         self.folder / "i.npy", "--stats", *width, *single)
        return stats["seconds"], np.load(self.folder / "i.npy")


class Peer:
    """A library called from Python. What a call itself costs there (a search of an index that holds one vector) is
    taken off its one-by-one times."""

    def __init__(self, vectors, queries, threads, m=None):
        self.queries, self.threads, self.m = queries, threads, m
        self.index = self.make(vectors.shape[1], 1)
        self.add(vectors[:1])
        self.call_seconds = min(self.time_singly()[0] for _ in range(10))
        self.index = self.make(vectors.shape[1], len(vectors))
        start = time.perf_counter()
        self.add(vectors)
        self.build_seconds = time.perf_counter() - start

    def search(self, width, one_by_one=False):
        if width:
            self.set_width(width)
        if one_by_one:
            seconds, ids = self.time_singly()
            return max(seconds - self.call_seconds, 1e-9), ids
        start = time.perf_counter()
        ids = self.find(self.queries, K, self.threads)
        return time.perf_counter() - start, ids

    def time_singly(self):
        k = min(K, self.size())
        rows = [self.queries[i:i + 1] for i in range(len(self.queries))]
        start = time.perf_counter()
        found = [self.find(row, k, 1) for row in rows]
        return time.perf_counter() - start, np.concatenate([np.asarray(f).reshape(1, -1) for f in found])


class FaissFlat(Peer):
    def make(self, dimension, count):
        import faiss

        return faiss.IndexFlatIP(dimension)

    def add(self, vectors):
        import faiss

        faiss.omp_set_num_threads(self.threads)
        self.index.add(vectors)

    def size(self):
        return self.index.ntotal

    def find(self, queries, k, threads):
        import faiss

        faiss.omp_set_num_threads(threads)
        return self.index.search(queries, k)[1]


class Faiss(FaissFlat):
    def make(self, dimension, count):
        import faiss

        index = faiss.IndexHNSWFlat(dimension, self.m, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        return index

    def set_width(self, width):
        self.index.hnsw.efSearch = width


class Hnswlib(Peer):
    def make(self, dimension, count):
        import hnswlib

        index = hnswlib.Index("ip", dimension)
        index.init_index(count, M=self.m, ef_construction=EF_CONSTRUCTION)
        return index

    def add(self, vectors):
        self.index.add_items(vectors, num_threads=self.threads)

    def size(self):
        return self.index.get_current_count()

    def set_width(self, width):
        self.index.set_ef(width)

    def find(self, queries, k, threads):
        return self.index.knn_query(queries, k, num_threads=threads)[0]


class Usearch(Peer):
    dtype = "f32"

    def make(self, dimension, count):
        from usearch.index import Index

        return Index(ndim=dimension, metric="ip", dtype=self.dtype, connectivity=self.m,
                     expansion_add=EF_CONSTRUCTION)

    def add(self, vectors):
        self.index.add(np.arange(len(vectors)), vectors, threads=self.threads)

    def size(self):
        return len(self.index)

    def set_width(self, width):
        self.index.expansion_search = width

    def find(self, queries, k, threads):
        return self.index.search(queries, k, threads=threads).keys


class UsearchHalf(Usearch):
    dtype = "f16"


class UsearchByte(Usearch):
    dtype = "i8"


GRAPHS = {"faiss-cpu": Faiss, "hnswlib": Hnswlib, "usearch f32": Usearch, "usearch f16": UsearchHalf,
          "usearch i8": UsearchByte}
