# Sourced by the benches of training: $python has the peers. CLIPSIM_BENCH_PYTHON names another Python that has them already.
. bench/environment.sh
python=${CLIPSIM_BENCH_PYTHON:-}
[ -n "$python" ] || make_environment .deps/bench-train torch==2.13.0 transformers==5.23.0 pillow==13.0.0 numpy==2.4.6 \
    pytorch-metric-learning==2.9.0 faiss-cpu==1.15.1 safetensors==0.8.0 xxhash==4.1.0
