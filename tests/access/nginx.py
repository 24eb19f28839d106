"""A real nginx before the server of a test: TLS, sign-in by name and password, sockets passed on."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import find_program, require

FROM = "127.0.0.2"
"""The address that the proxy's connections come from: Linux has all of 127.0.0.0/8."""
CONFIG = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log warn;
events {{ worker_connections 128; }}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  map $remote_user $groups {{ default ""; li "noc"; wang "noc,noc-lead"; }}
  map $http_upgrade $onward {{ default upgrade; "" close; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    location / {{
      auth_basic "campus"; auth_basic_user_file {folder}/users;
      proxy_pass http://127.0.0.1:{upstream};
      proxy_bind {source};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Authorization "";
      proxy_set_header X-Remote-User $remote_user;
      proxy_set_header X-Remote-Role $groups;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $onward;
      proxy_buffering off;
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, upstream: int, certificate: tuple[Path, Path]) -> Iterator[str]:
    """Its address, until the block ends. ``li``, ``wang`` and ``guest`` sign in with the password ``open``."""
    program = find_program("nginx")
    require(program, "there is no nginx: install it (apt-get install nginx-light)")
    assert program is not None
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    (folder / "users").write_text("".join(f"{name}:{{PLAIN}}open\n" for name in ("li", "wang", "guest")), "utf-8")
    text = CONFIG.format(
        folder=folder, port=port, upstream=upstream, certificate=certificate[0], key=certificate[1], source=FROM
    )
    (folder / "nginx.conf").write_text(text, "utf-8")
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while True:
            assert process.poll() is None, (folder / "error.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < end, "nginx does not answer"
            time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)
