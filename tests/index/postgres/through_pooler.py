#!/usr/bin/env python3
"""through_pooler.py FILE MODE PROGRAM...: runs PROGRAM with pgbouncer between it and the PostgreSQL that FILE names.

MODE is pgbouncer's pool_mode: session or transaction. FILE is what postgres_server.py wrote. Exits with 77, for
"skipped", where there is no server or no pgbouncer (Debian: apt-get install pgbouncer).
"""
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
PORT = 6432  # only part of a socket's name: nothing listens on the network


def main():
    server, mode, program = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    folder = server.read_text().splitlines()[0] if server.exists() else "none"
    pooler = shutil.which("pgbouncer", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not folder.startswith("/") or pooler is None:
        print("skipped:", "no pgbouncer" if folder.startswith("/") else folder)
        return SKIPPED
    # As the server does, it refuses to run as root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with tempfile.TemporaryDirectory(prefix="clipsim-pooler-") as name:
        place = pathlib.Path(name)
        place.chmod(0o755)
        if user:
            os.chown(place, user.pw_uid, user.pw_gid)
        config = place / "pgbouncer.ini"
        config.write_text(f"[databases]\npostgres = host={folder} dbname=postgres user=clipsim\n"
                          f"[pgbouncer]\nunix_socket_dir = {place}\nlisten_addr =\nlisten_port = {PORT}\n"
                          f"auth_type = any\npool_mode = {mode}\ndefault_pool_size = 20\n")
        running = subprocess.Popen([pooler, "-q", config], stdin=subprocess.DEVNULL, cwd="/", **as_user)
        try:
            socket = place / f".s.PGSQL.{PORT}"
            while not socket.exists() and running.poll() is None:
                time.sleep(0.05)
            (place / "file").write_text(f"{place}\n")
            environment = dict(os.environ, CLIPSIM_TEST_POSTGRES=str(place / "file"), PGPORT=str(PORT))
            return subprocess.run(program, env=environment, check=False).returncode
        finally:
            running.terminate()
            running.wait()


if __name__ == "__main__":
    sys.exit(main())
