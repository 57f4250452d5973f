#!/usr/bin/env bash
# run.sh 100k|1m|flat|real [--photos FOLDER] [--m 16,32] [--threads 2] [--json FILE]: clipsim's search against faiss-cpu,
# hnswlib and usearch from PyPI, in a virtual environment of the bench's own. See compare.py.
set -euo pipefail
cd "$(dirname "$0")/../.."

scripts/build.sh clipsim >/dev/null
. bench/environment.sh
make_environment .deps/bench-search faiss-cpu==1.15.1 hnswlib==0.8.0 usearch==2.26.6 numpy==2.4.6
grep -m 1 'model name' /proc/cpuinfo || true
exec "$python" bench/search/compare.py "$@"
