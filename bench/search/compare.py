"""clipsim against faiss-cpu, hnswlib and usearch: build time, and queries a second at equal recall.

Every system gets the same unit vectors, M, efConstruction 200 and threads. For each recall@10 target the narrowest search
of a ladder that reaches it is taken; then all systems search in turn, round after round, and the best round of each
counts: all queries in one call on all threads, and one query a call on one thread. clipsim runs as the program, the peers
in this process; what a call from Python costs is taken off the peers' one-by-one times. A system that does not reach a
target within the ladder shows "-". `flat` compares exact search.

    bench/search/run.sh 100k|1m|flat                 clustered vectors of 128 dimensions
    bench/search/run.sh real --photos FOLDER         embeddings of these photos, repeated with noise
    options: --m 16,32  --threads 2  --peers hnswlib,...  --json FILE  --count N
             --before PROGRAM: another build of clipsim, in the same rounds
"""

import argparse
import json
import pathlib
import platform
import tempfile

import numpy as np

import data
import systems

LADDER = (10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)
TARGETS = (0.95, 0.99, 0.999)
ROUNDS = 5
QUERIES = {"100k": 5000, "1m": 2000, "real": 5000, "flat": 1000}
COUNTS = {"100k": 100_000, "1m": 1_000_000, "real": 100_000, "flat": 10_000}


def recall(found, truth):
    return float(np.mean([len(set(a) & set(b)) for a, b in zip(found.tolist(), truth.tolist())])) / systems.K


def exact(vectors, queries):
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index.search(queries, systems.K)[1]


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


def best_rounds(runs):
    """runs: key -> function that gives seconds. The best of several alternating rounds each."""
    best = {}
    for _ in range(ROUNDS):
        for key, run in runs.items():
            seconds = run()
            best[key] = min(best.get(key, seconds), seconds)
    return best


def print_table(title, rows, columns, rates):
    print(f"\n{title}")
    print(f"{'':12}" + "".join(f"{column:>20}" for column in columns))
    for name in rows:
        print(f"{name:12}" + "".join(f"{rates.get((name, column), '-'):>20}" for column in columns), flush=True)


def compare_graphs(options, vectors, queries, m, threads):
    truth = exact(vectors, queries)
    with tempfile.TemporaryDirectory() as folder:
        settings = {"index.type": "hnsw", "index.hnsw.m": m, "index.hnsw.ef_construction": systems.EF_CONSTRUCTION}
        all_systems = {"clipsim": systems.Clipsim(options.program, folder, vectors, queries, threads, settings)}
        if options.before:
            earlier = pathlib.Path(folder, "before")
            earlier.mkdir()
            all_systems["before"] = systems.Clipsim(options.before, earlier, vectors, queries, threads, settings)
        for name in options.peers:
            all_systems[name] = systems.GRAPHS[name](vectors, queries, threads, m)
        widths = {name: narrowest(system, truth) for name, system in all_systems.items()}
        runs = {}
        for target in TARGETS:
            for mode in ("batch", "one by one"):
                for name, system in all_systems.items():
                    if target not in widths[name]:
                        continue
                    width, single = widths[name][target][0], mode == "one by one"
                    runs[name, f"{mode} {target}"] = lambda s=system, w=width, o=single: s.search(w, o)[0]
        best = best_rounds(runs)
    columns = [f"{mode} {target}" for mode in ("batch", "one by one") for target in TARGETS]
    title = (f"{len(vectors)} x {vectors.shape[1]}, M {m}, efConstruction {systems.EF_CONSTRUCTION}, {threads} threads "
             f"(one by one: 1), {len(queries)} queries, best of {ROUNDS} rounds: build seconds; queries a second (ef)")
    rates, ratios = {}, {}
    for (name, column), seconds in best.items():
        width = widths[name][float(column.split()[-1])][0]
        rates[name, column] = f"{len(queries) / seconds:.0f} ({width})"
    for name, system in all_systems.items():
        rates[name, "build"] = f"{system.build_seconds:.1f}"
    for column in columns:
        rivals = [best[p, column] for p in options.peers if (p, column) in best]
        if rivals and ("clipsim", column) in best:
            ratios[column] = min(rivals) / best["clipsim", column]
            rates["against best", column] = f"{ratios[column]:.2f}x"
    ratios["build"] = min(all_systems[p].build_seconds for p in options.peers) / all_systems["clipsim"].build_seconds
    rates["against best", "build"] = f"{ratios['build']:.2f}x"
    print_table(title, [*all_systems, "against best"], ["build", *columns], rates)
    return {"vectors": len(vectors), "dimension": vectors.shape[1], "m": m, "threads": threads,
            "queries": len(queries), "build_seconds": {n: s.build_seconds for n, s in all_systems.items()},
            "seconds": {f"{name}, {column}": seconds for (name, column), seconds in best.items()},
            "widths": {name: {str(t): w for t, w in found.items()} for name, found in widths.items()},
            "against_best": ratios}


def compare_flat(options, vectors, queries, threads):
    with tempfile.TemporaryDirectory() as folder:
        ours = systems.Clipsim(options.program, folder, vectors, queries, threads, {"index.type": "flat"})
        faiss = systems.FaissFlat(vectors, queries, threads)
        assert recall(ours.search(None)[1], faiss.search(None)[1]) == 1.0, "exact searches differ"
        runs = {(name, mode): lambda s=system, o=mode == "one by one": s.search(None, o)[0]
                for mode in ("batch", "one by one") for name, system in (("clipsim", ours), ("faiss-cpu", faiss))}
        best = best_rounds(runs)
    rates = {key: f"{1000 * seconds / len(queries):.4f}" for key, seconds in best.items()}
    ratios = {mode: best["faiss-cpu", mode] / best["clipsim", mode] for mode in ("batch", "one by one")}
    rates.update({("against faiss", mode): f"{ratio:.2f}x" for mode, ratio in ratios.items()})
    print_table(f"exact, {len(vectors)} x {vectors.shape[1]}, {threads} threads (one by one: 1), {len(queries)} queries, "
                f"best of {ROUNDS} rounds: milliseconds a query",
                ["clipsim", "faiss-cpu", "against faiss"], ["batch", "one by one"], rates)
    return {"vectors": len(vectors), "dimension": vectors.shape[1], "threads": threads, "queries": len(queries),
            "seconds": {f"{name}, {mode}": s for (name, mode), s in best.items()}, "against_faiss": ratios}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=COUNTS)
    parser.add_argument("--program", default="build/release/bin/clipsim")
    parser.add_argument("--before", help="an earlier build of clipsim")
    parser.add_argument("--photos", help="real: the folder of photos")
    parser.add_argument("--count", type=int)
    parser.add_argument("--m", default="16,32")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--peers", default=",".join(systems.GRAPHS), type=lambda text: text.split(","))
    parser.add_argument("--json", type=pathlib.Path, help="where to write the figures")
    options = parser.parse_args()
    count, queries = options.count or COUNTS[options.set], QUERIES[options.set]
    print(f"{platform.machine()}, Python {platform.python_version()}")
    if options.set == "real":
        with tempfile.TemporaryDirectory() as work:
            base = data.of_photos(options.program, options.photos, work)
        vectors, queries = data.repeated(base, count, queries)
    else:
        vectors, queries = data.clustered(count, queries)
    results = []
    for threads in map(int, options.threads.split(",")):
        if options.set == "flat":
            results.append(compare_flat(options, vectors, queries, threads))
            continue
        for m in map(int, options.m.split(",")):
            results.append(compare_graphs(options, vectors, queries, m, threads))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
