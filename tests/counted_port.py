# A port that hands everything on to another one and counts what comes back from there.
# SPDX-License-Identifier: MIT
import socket
import threading

PIECE = 1 << 16


class CountedPort:
    """Stands before a server; `take` says how many bytes that sent since the last time."""

    def __init__(self, bench, port):
        self.before, self.came, self.open = port, 0, []
        self.lock = threading.Lock()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        bench.started.append(self)

    def take(self):
        with self.lock:
            came, self.came = self.came, 0
            return came

    def stop(self, _mode=None):
        for one in [self.listening, *self.open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
                far = socket.create_connection(("127.0.0.1", self.before))
            except OSError:
                return
            self.open += [near, far]
            threading.Thread(target=self._move, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._move, args=(far, near, True), daemon=True).start()

    def _move(self, source, target, counts):
        try:
            while piece := source.recv(PIECE):
                if counts:
                    with self.lock:
                        self.came += len(piece)
                target.sendall(piece)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
