# The cluster of a chain: what changes in it, by SQL and behind the back of PostgreSQL.
# SPDX-License-Identifier: MIT
import os
import pathlib
import random
import shutil
import threading
import time

import lab
from lab import run
from libpq import AskedCluster

DAY_S = 86400
PAGE = 8192
_making = threading.Lock()


def template(root, programs):
    """The stopped cluster of these programs that all chains begin with: small, made once for each run."""
    major = pathlib.Path(programs).parent.name
    home = pathlib.Path(root) / f"chain-{major}"
    with _making:
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            _make(AskedCluster(home, programs))
            (home / "ready").touch()
    return home


def _make(cluster):
    cluster.create()
    cluster.set_options(checkpoint_completion_target="0.01", max_wal_size="32MB", wal_compression="on",
                        min_wal_size="2MB", wal_keep_size="0", log_checkpoints="off")
    (cluster.home / "ts").mkdir(mode=0o700)
    cluster.start(archive_mode="off")
    cluster.sql("update pg_database set datistemplate = false where datname = 'template0'")
    cluster.sql("drop database template0")
    cluster.sql(f"create tablespace far_ts location '{cluster.home / 'ts'}'")
    cluster.sql("create table hot as select id, md5(id::text) as t from generate_series(1, 8000) id;"
                "create table still as select id, md5(id::text) as t from generate_series(1, 9000) "
                "id; create table far tablespace far_ts as select id, repeat(md5(id::text), 3) as "
                "t from generate_series(1, 3000) id; create unlogged table fleeting as select 1 as "
                "id; create index on hot (id)")
    cluster.sql("vacuum")
    cluster.stop()
    linked = cluster.home / "linked"
    (linked / "folder").mkdir(parents=True, mode=0o700)
    (linked / "folder" / "inside").write_bytes(b"behind a directory link\n")
    (linked / "extra.conf").write_bytes(b"# behind a file link\n")
    (cluster.data / "folder_link").symlink_to("../linked/folder")
    (cluster.data / "extra_link.conf").symlink_to("../linked/extra.conf")
    by_hand = cluster.data / "by hand"
    by_hand.mkdir(mode=0o700)
    for name, size in (("a=b", 12), ("empty", 0), ("20 blocks", 20 * PAGE), ("quote\"", 5000)):
        (by_hand / name).write_bytes(random.Random(name).randbytes(size))


def writable(path):
    """The path of a file that may have been given mode 0400, and now may be written."""
    if not path.stat().st_mode & 0o200:
        path.chmod(0o600)
    return path


class World:
    """The cluster, changed as the dice say."""

    def __init__(self, cluster, dice):
        self.cluster, self.dice = cluster, dice
        self.number = 0
        self.bad_pages = False

    def change(self, name):
        getattr(self, f"_{name}")()

    def new_name(self, stem):
        self.number += 1
        return f"{stem}{self.number}"

    def tables(self):
        return self.cluster.sql("select relname from pg_class where relkind = 'r' and relpersistence"
                                " = 'p' and relnamespace = 'public'::regnamespace and relname <> "
                                "'junk' order by relname").split()

    def fingerprint(self):
        """Differs when the data of any table differ, but those with pages that were made bad."""
        tables = self.tables()
        parts = [f"select '{name}' || count(*) || ':' || coalesce(md5(string_agg(t.id || t.t, '|' "
                 f"order by id, t.t)), '') as x from \"{name}\" t" for name in tables]
        return self.cluster.sql(" union all ".join(parts) + " order by 1") if parts else ""

    def _table(self):
        return self.dice.choice(self.tables() or ["none"])

    def _on_table(self, text):
        if self.tables():
            self.cluster.sql(text.format(self._table()))

    # By SQL

    def _update(self):
        share = self.dice.choice((2, 10, 100))
        self._on_table(f"update {{}} set t = md5(t || '{self.number}') where id % {share} = 0")

    def _insert(self):
        rows = self.dice.choice((1, 300, 6000))
        self._on_table(f"insert into {{}} select i, md5(i::text) from generate_series(1, {rows}) i")

    def _delete(self):
        self._on_table(f"delete from {{}} where id % {self.dice.choice((2, 5))} = 0")

    def _truncate(self):
        self._on_table("truncate {}")

    def _create_table(self):
        rows = self.dice.choice((0, 10, 2000, 12000))
        self.cluster.sql(f"create table {self.new_name('made')} as select i as id, md5(i::text) as t "
                         f"from generate_series(1, {rows}) i")

    def _drop_table(self):
        self._on_table("drop table {}")

    def _empty_table(self):
        self.cluster.sql(f"create table {self.new_name('hollow')} (id int, t text)")

    def _shrink_table(self):
        table = self._table()
        if table != "none":
            self.cluster.sql(f"delete from {table} where ctid > '({self.dice.choice((0, 1, 8))},1)'")
            self.cluster.sql(f"vacuum {table}")

    def _vacuum_full(self):
        table = self._table()
        if table != "none":
            self.cluster.sql(f"vacuum full {table}")

    def _unlogged(self):
        self.cluster.sql(f"create unlogged table {self.new_name('brief')} as select i as id, '' as t "
                         "from generate_series(1, 500) i")

    def _new_tablespace(self):
        name = self.new_name("more_ts")
        (self.cluster.home / name).mkdir(mode=0o700)
        self.cluster.sql(f"create tablespace {name} location '{self.cluster.home / name}'")
        self.cluster.sql(f"create table {self.new_name('there')} tablespace {name} as select i as id,"
                         " md5(i::text) as t from generate_series(1, 1500) i")

    def _move_table(self):
        places = self.cluster.sql("select spcname from pg_tablespace where spcname <> 'pg_global' "
                                  "order by 1").split()
        self._on_table(f"alter table {{}} set tablespace {self.dice.choice(places)}")

    def _create_database(self):
        self.cluster.sql(f"create database {self.new_name('base')} template template1")

    def _drop_database(self):
        bases = self.cluster.sql("select datname from pg_database where datname like 'base%'").split()
        if bases:
            self.cluster.sql(f"drop database {self.dice.choice(sorted(bases))}")

    def _checkpoint(self):
        self.cluster.sql("checkpoint")

    # By hand

    def _folder(self):
        return self.cluster.data / "by hand"

    def _files(self, least=0):
        return sorted(path for path in self._folder().rglob("*")
                      if path.is_file() and not path.is_symlink() and path.stat().st_size >= least)

    def _file(self, least=0):
        return writable(self.dice.choice(self._files(least) or [self._hand_new()]))

    def _hand_new(self):
        name = self.new_name(self.dice.choice(("plain", "with space ", "equal=", "sn\u00f6w", "{\"a\":")))
        path = self._folder() / name
        path.write_bytes(self.dice.randbytes(self.dice.choice((1, 100, 8191, 8192, 50000, 200000))))
        return path

    def _hand_sly(self):
        """Other bytes, the same size, the old time: only a checksum shows it."""
        path = self._file(1)
        before = path.stat()
        self._some_bytes(path)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def _hand_rewrite(self):
        self._some_bytes(self._file(1))

    def _some_bytes(self, path):
        size = path.stat().st_size
        with open(path, "r+b") as file:
            for _ in range(self.dice.choice((1, 1, 3))):
                file.seek(self.dice.randrange(size))
                file.write(self.dice.randbytes(min(size - file.tell(), self.dice.choice((1, 9000)))))

    def _hand_grow(self):
        with open(self._file(), "ab") as file:
            file.write(self.dice.randbytes(self.dice.choice((1, 700, 8192, 30000))))

    def _hand_shrink(self):
        path = self._file(1)
        os.truncate(path, self.dice.randrange(path.stat().st_size))

    def _hand_empty(self):
        os.truncate(self._file(), 0)

    def _hand_delete(self):
        self._file().unlink()

    def _hand_mode(self):
        self._file().chmod(self.dice.choice((0o600, 0o640, 0o400, 0o700)) | 0o400)

    def _hand_touch(self):
        os.utime(self._file())

    def _hand_future(self):
        if self.dice.random() < 0.5:
            os.utime(self._file(), (time.time() + 3600,) * 2)

    def _hand_folder(self):
        folder = self._folder() / self.new_name("folder")
        folder.mkdir(mode=self.dice.choice((0o700, 0o750)))
        if self.dice.random() < 0.7:
            (folder / "inside").write_bytes(b"within")

    def _hand_link(self):
        target = self.cluster.home / "linked" / self.new_name("target")
        target.write_bytes(b"behind a link")
        (self._folder() / self.new_name("link")).symlink_to(f"../../linked/{target.name}")

    def _hand_aged(self):
        """A file whose age decides about the size of its blocks."""
        path = self._folder() / self.dice.choice(("20 blocks", "aged"))
        if not path.exists() or path.stat().st_size < PAGE:
            path.unlink(missing_ok=True)
            path.write_bytes(self.dice.randbytes(self.dice.choice((3, 16, 40)) * PAGE + 77))
        self._some_bytes(writable(path))
        days = self.dice.choice((0, 6, 8, 15, 29))
        os.utime(path, (time.time() - days * DAY_S,) * 2)

    def _hand_swap(self):
        files = self._files()
        if len(files) > 1:
            one, other = self.dice.sample(files, 2)
            aside = one.with_name("aside")
            one.rename(aside)
            other.rename(one)
            aside.rename(other)

    # While PostgreSQL is stopped

    def junk(self):
        """The file of a table that nothing reads."""
        self.cluster.sql("create table if not exists junk (id int, t text)")
        if self.cluster.sql("select pg_relation_size('junk')") == "0":
            self.cluster.sql("insert into junk select i, md5(i::text) from generate_series(1, 900) i")
            self.cluster.sql("vacuum junk")
        return self.cluster.data / self.cluster.sql("select pg_relation_filepath('junk')")

    def change_stopped(self, name, junk):
        pages = junk.stat().st_size // PAGE
        with open(junk, "r+b") as file:
            if name == "bad_page":
                for _ in range(self.dice.choice((1, 2, 3))):
                    file.seek(self.dice.randrange(pages) * PAGE + self.dice.choice((100, 3000)))
                    file.write(self.dice.randbytes(20))
            else:
                file.seek(0, os.SEEK_END)
                file.write(self.dice.randbytes(700))
        self.bad_pages = True


class Load:
    """Changes all the time, for as long as a `with` block lasts."""

    def __init__(self, cluster):
        self.cluster, self.ended = AskedCluster(cluster.home), threading.Event()  # a session of its own
        self.thread = threading.Thread(target=self._work)

    def _work(self):
        self.cluster.sql("create table if not exists busy (id int, t text)")
        number = 0
        while not self.ended.wait(0.05):
            number += 1
            self.cluster.sql("insert into busy select i, md5(i::text) from generate_series(1, 400) i;"
                             "update busy set t = md5(t) where id % 7 = 0", codes=None)
            if number % 6 == 0:
                self.cluster.sql("truncate busy", codes=None)

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.cluster.leave()
