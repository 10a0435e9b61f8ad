# A resident archiver for tests of its callers: answers as it is told to, which may be nonsense.
# SPDX-License-Identifier: MIT
"""`MadeArchiver(path, answers)` listens at a socket. For each request it calls `answers(name)`, which
yields what to send: a tuple is a message of these fields, bytes go out as they are, a number is a pause in
seconds, None closes the connection.
"""
import os
import socket
import struct
import threading
import time


def message(*fields):
    body = b"".join(field.encode() + b"\0" for field in fields)
    return struct.pack(">I", len(body)) + body


class MadeArchiver:
    def __init__(self, path, answers):
        self.path, self.answers = str(path), answers
        self.asked = []  # (directory, name), as they came
        self.connections = 0
        if os.path.lexists(self.path):
            os.unlink(self.path)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        os.chmod(self.path, 0o600)
        self._listener.listen(8)
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, leave_socket=False):
        """As a process that is killed: connections end in the middle."""
        for one in [self._listener, *self._open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        if not leave_socket and os.path.lexists(self.path):
            os.unlink(self.path)

    def _accept(self):
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        try:
            while request := self._read(link):
                self.asked.append(tuple(request[2:]))
                for what in self.answers(request[3]):
                    if what is None:
                        link.close()
                        return
                    if isinstance(what, (int, float)):
                        time.sleep(what)
                    else:
                        link.sendall(what if isinstance(what, bytes) else message(*what))
        except OSError:
            pass

    @staticmethod
    def _read(link):
        """The fields of a request, which must be as the protocol has it; None at the end."""
        head = link.recv(4, socket.MSG_WAITALL)
        if len(head) < 4:
            return None
        body = link.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)
        fields = body.decode().split("\0")
        assert fields[-1] == "" and fields[:2] == ["push", "1"] and len(fields) == 5, fields
        return fields[:-1]
