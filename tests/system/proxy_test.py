# Buckets behind a proxy: TLS goes through it as it is (CONNECT), as the environment says.
# SPDX-License-Identifier: MIT
import contextlib
import socket
import threading

from case import test
from interop import labels
from lab import equal, expect, sha1
from object_server import gateway


class Tunnel:
    """A proxy that opens tunnels, and tells where to; or refuses them all."""

    def __init__(self):
        self.opened, self.refuses = [], None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.environment = {"https_proxy": f"http://127.0.0.1:{self.listener.getsockname()[1]}", "no_proxy": ""}
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        with contextlib.suppress(OSError), conn:
            head = b""
            while b"\r\n\r\n" not in head:
                head += conn.recv(4096) or b"\r\n\r\n"
            method, target = head.decode("latin-1").split(" ", 2)[:2]
            self.opened.append(f"{method} {target}")
            if self.refuses:
                conn.sendall(f"HTTP/1.1 {self.refuses}\r\nContent-Length: 0\r\n\r\n".encode())
                return
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as there:
                conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                back = threading.Thread(target=self.pass_on, args=(there, conn), daemon=True)
                back.start()
                self.pass_on(conn, there)
                back.join()

    @staticmethod
    def pass_on(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def stop(self):
        self.listener.close()


@test("proxy: S3 over TLS through a tunnel, from the first command to a restore")
def tunnelled(bench):
    there, proxy = gateway(bench), Tunnel()
    options = there.options(f"/proxy/{bench.dir.name}")
    bench.configure(**options, io_timeout="5")
    bench.cluster.start(archive_command="false pgbraid")
    where = f"CONNECT {options['repo1_storage_host']}:{options['repo1_storage_port']}"
    segment = next((bench.cluster.data / "pg_wal").glob("0000*[0-9A-F]"))
    got, data = bench.dir / "got", bench.dir / "r/pg"
    data.mkdir(parents=True, mode=0o700)
    try:
        for command, *words in (("stanza-create",), ("archive-push", segment), ("backup", "--no-archive-check"),
                                ("verify",), ("archive-get", segment.name, got),
                                ("restore", f"--pg1-path={data}", f"--tablespace-map-all={bench.dir}/r/ts")):
            proxy.opened.clear()
            bench.ours(command, *words, env=proxy.environment)
            expect(proxy.opened, f"{command}: the proxy was asked")
            equal(set(proxy.opened), {where}, f"{command}: where to")
        equal(sha1(got), sha1(segment), "the segment")
        expect((data / "PG_VERSION").exists(), "a restored cluster")
        # Past it, where the environment says so.
        proxy.opened.clear()
        bench.ours("info", env={**proxy.environment, "no_proxy": options["repo1_s3_endpoint"]})
        equal(proxy.opened, [], "what the proxy was asked")
        equal(len(labels(bench)), 1, "backups")
        # One that wants to know who asks.
        proxy.refuses = "407 Proxy Authentication Required"
        told = bench.ours("backup", "--no-archive-check", env=proxy.environment, codes=None)
        expect(told.code != 0 and "407" in told.text, "the refusal is told", told)
        equal(len(labels(bench)), 1, "backups after it")
    finally:
        proxy.stop()
