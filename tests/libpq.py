# Queries over one session, without a psql for each: that costs more than most of what is asked.
# SPDX-License-Identifier: MIT
import ctypes

from lab import Cluster, Failure

OK = 0  # of a connection
ANSWERS = (0, 1, 2)  # of a result: empty query, command done, rows

_pq = ctypes.CDLL("libpq.so.5")
for _name, _given in (("PQconnectdb", [ctypes.c_char_p]),
                      ("PQexec", [ctypes.c_void_p, ctypes.c_char_p])):
    getattr(_pq, _name).argtypes = _given
    getattr(_pq, _name).restype = ctypes.c_void_p
for _name in ("PQstatus", "PQresultStatus", "PQntuples", "PQnfields", "PQclear", "PQfinish"):
    getattr(_pq, _name).argtypes = [ctypes.c_void_p]
for _name in ("PQerrorMessage", "PQgetvalue"):
    getattr(_pq, _name).restype = ctypes.c_char_p
_pq.PQerrorMessage.argtypes = [ctypes.c_void_p]
_pq.PQgetvalue.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
_pq.PQclear.restype = _pq.PQfinish.restype = None


class Session:
    """A connection to the database `postgres` on a socket in `folder`; of one thread at a time."""

    def __init__(self, folder):
        words = f"host='{folder}' user=postgres dbname=postgres options='-c client_min_messages=error'"
        self.handle = _pq.PQconnectdb(words.encode())
        if _pq.PQstatus(self.handle) != OK:
            text = self.trouble()
            self.close()
            raise Failure(f"no session: {text}")

    def trouble(self):
        return _pq.PQerrorMessage(self.handle).decode("utf-8", "replace")

    def ask(self, text):
        """The rows of the last answer as psql -At prints them: a line each, | between columns."""
        result = _pq.PQexec(self.handle, text.encode())
        try:
            if _pq.PQresultStatus(result) not in ANSWERS:
                raise Failure(f"'{text}': {self.trouble()}")
            columns = range(_pq.PQnfields(result))
            return "\n".join(
                "|".join(_pq.PQgetvalue(result, row, column).decode() for column in columns)
                for row in range(_pq.PQntuples(result))).strip()
        finally:
            _pq.PQclear(result)

    def close(self):
        _pq.PQfinish(self.handle)


class AskedCluster(Cluster):
    """A cluster whose `sql` asks over one session, made when it is first asked and gone when it stops."""

    def __init__(self, *where):
        super().__init__(*where)
        self.session = None

    def sql(self, text, database="postgres", codes=(0,)):
        if database != "postgres":
            return super().sql(text, database, codes)
        try:
            self.session = self.session or Session(self.home)
            return self.session.ask(text)
        except Failure:
            self.leave()
            if codes is None:
                return ""
            raise

    def leave(self):
        """Ends the session, if there is one."""
        if self.session:
            self.session.close()
        self.session = None

    def stop(self, mode="fast"):
        self.leave()
        super().stop(mode)
