# A TCP relay on the loopback that holds every byte back for half a round trip, and counts.
# SPDX-License-Identifier: MIT
"""The delay is one of time only: what comes is taken at once, up to 64 MiB for each direction of a
connection, and goes out as fast as the other end takes it once its time has come. The relay runs as
a process of its own.
"""
import collections
import mmap
import os
import select
import signal
import socket
import threading
import time

QUEUE_BYTES = 64 << 20
STEP_BYTES = 256 << 10
LEAVING_S = 10
# Numbers that both processes see: bytes each way, connections now, connections ever; then the bytes
# of every connection.
UP, DOWN, OPEN, EVER, FIRST = range(5)
NUMBERS = 4096
# A connection that carried less of all bytes is none that carried the data.
SHARE = 0.05


class Relay:
    """Listens until `stop` and passes everything on to a port of the loopback."""

    def __init__(self, target_port, round_trip_ms):
        listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = listening.getsockname()[1]
        self.numbers = memoryview(mmap.mmap(-1, 8 * NUMBERS)).cast("Q")
        self.pid = os.fork()
        if self.pid == 0:
            try:
                serve(listening, target_port, round_trip_ms / 2000, self.numbers)
            finally:
                os._exit(1)
        listening.close()

    def stop(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def begin_count(self):
        """Counts from here, once nobody is connected."""
        end = time.monotonic() + LEAVING_S
        while self.numbers[OPEN] and time.monotonic() < end:
            time.sleep(0.01)
        self.before = list(self.numbers)

    def counted(self):
        """`sessions`: connections that carried the data."""
        up, down = (self.numbers[way] - self.before[way] for way in (UP, DOWN))
        each = self.numbers[FIRST + self.before[EVER]:FIRST + self.numbers[EVER]]
        return {"wire_bytes": up + down, "up_bytes": up, "down_bytes": down,
                "sessions": sum(count >= SHARE * (up + down) for count in each)}


class Pipe:
    """One direction of a connection."""

    def __init__(self, source, sink, way, connection):
        self.source, self.sink, self.way, self.connection = source, sink, way, connection
        self.waiting = collections.deque()  # (when it is due, bytes; none at the end)
        self.waiting_bytes = 0
        self.ended = self.done = False

    def wants_more(self):
        return not self.ended and self.waiting_bytes < QUEUE_BYTES

    def due_at(self):
        return self.waiting[0][0] if self.waiting else None

    def take(self, delay_s, numbers):
        try:
            data = self.source.recv(STEP_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.ended = not data
        self.waiting.append((time.monotonic() + delay_s, memoryview(data)))
        self.waiting_bytes += len(data)
        numbers[self.way] += len(data)
        numbers[self.connection] += len(data)

    def give(self, now):
        while self.waiting and self.waiting[0][0] <= now:
            due, data = self.waiting.popleft()
            try:
                sent = self.sink.send(data) if data else self.end()
            except BlockingIOError:
                sent = 0
            except OSError:
                self.ended = self.done = True
                self.waiting.clear()
                return
            self.waiting_bytes -= sent
            if sent < len(data):
                self.waiting.appendleft((due, data[sent:]))
                return

    def end(self):
        self.done = True
        self.sink.shutdown(socket.SHUT_WR)
        return 0


def serve(listening, target_port, delay_s, numbers):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    parent = os.getppid()
    pairs = []
    while os.getppid() == parent:
        pipes = [pipe for pair in pairs for pipe in pair]
        now = time.monotonic()
        dues = [pipe.due_at() for pipe in pipes if pipe.due_at() is not None]
        later = [due - now for due in dues if due > now]
        readable, writable, _ = select.select(
            [listening] + [pipe.source for pipe in pipes if pipe.wants_more()],
            [pipe.sink for pipe in pipes if pipe.waiting and pipe.due_at() <= now], [],
            min(later, default=1))
        if listening in readable:
            pairs.append(connect(listening, target_port, FIRST + numbers[EVER]))
            numbers[EVER] += 1
        now = time.monotonic()
        for pipe in pipes:
            if pipe.source in readable:
                pipe.take(delay_s, numbers)
            if pipe.sink in writable or delay_s == 0:
                pipe.give(time.monotonic())
        pairs = [pair for pair in pairs if not closed(pair)]
        numbers[OPEN] = len(pairs)


def connect(listening, target_port, number):
    near = listening.accept()[0]
    far = socket.create_connection(("127.0.0.1", target_port))
    for one in (near, far):
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (Pipe(near, far, UP, number), Pipe(far, near, DOWN, number))


def closed(pair):
    if not all(pipe.done for pipe in pair):
        return False
    for pipe in pair:
        pipe.source.close()
    return True


def own_speed(round_trip_ms, total_bytes=256 << 20):
    """Bytes in a second that a plain stream gets through a relay."""
    sink = socket.create_server(("127.0.0.1", 0))
    relay = Relay(sink.getsockname()[1], round_trip_ms)
    began = time.monotonic()
    sender = threading.Thread(target=send, args=(relay.port, total_bytes), daemon=True)
    sender.start()
    taken, left, room = sink.accept()[0], total_bytes, bytearray(1 << 20)
    while left and (got := taken.recv_into(room)):
        left -= got
    speed = (total_bytes - left) / (time.monotonic() - began)
    sender.join()
    relay.stop()
    return speed


def send(port, total_bytes):
    with socket.create_connection(("127.0.0.1", port)) as to:
        block = bytes(1 << 20)
        for _ in range(total_bytes // len(block)):
            to.sendall(block)
