# Sourced by the benches, whose Python peers live in virtual environments of the benches' own.

# make_environment FOLDER WHEEL...: that environment with these wheels, made where it is not there yet; sets $python.
make_environment() {
    local folder=$1
    shift
    if [ "$(cat "$folder/wheels" 2>/dev/null)" != "$*" ]; then
        python3 -m venv "$folder"
        "$folder/bin/pip" install -q --disable-pip-version-check "$@"
        echo "$*" >"$folder/wheels"
    fi
    python=$folder/bin/python
}
