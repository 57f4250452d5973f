# Sourced by the benches: $python has the peers, in a virtual environment of the benches' own.
# CLIPSIM_BENCH_PYTHON names another Python that has them already.
python=${CLIPSIM_BENCH_PYTHON:-}
if [ -z "$python" ]; then
    environment=.deps/bench-train
    wheels=(torch==2.13.0 transformers==5.23.0 pillow==13.0.0 numpy==2.4.6 pytorch-metric-learning==2.9.0 faiss-cpu==1.15.1
        safetensors==0.8.0 xxhash==4.1.0)
    if [ "$(cat "$environment/wheels" 2>/dev/null)" != "${wheels[*]}" ]; then
        python3 -m venv "$environment"
        "$environment/bin/pip" install -q --disable-pip-version-check "${wheels[@]}"
        echo "${wheels[*]}" >"$environment/wheels"
    fi
    python=$environment/bin/python
fi
