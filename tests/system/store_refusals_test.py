# Object stores that refuse: one verb, one region, one time. What it does to the repository, and what is told.
# SPDX-License-Identifier: MIT
import contextlib
import datetime
import email.utils
import re
import socket
import threading
import time

from case import test
from faulty_relay import FaultyRelay
from hostile import hostile
from interop import labels, replayed, same_restores, valid_for
from lab import OURS, equal, expect
from later_peer import later_peer
from object_server import gateway

DENIED = ("403 Forbidden", "<Code>AccessDenied</Code><Message>Access Denied</Message>")
WRONG_REGION = ("400 Bad Request",
                "<Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is malformed; the region "
                "'us-east-1' is wrong; expecting 'eu-west-1'</Message><Region>eu-west-1</Region>")
EXPIRED = ("400 Bad Request", "<Code>ExpiredToken</Code><Message>The provided token has expired.</Message>")
SKEWED = ("403 Forbidden", "<Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the "
                           "current time is too large.</Message>")


class Refusing(FaultyRelay):
    """To a gateway; answers itself what `refuses` has an answer for, as Amazon's servers do."""

    def __init__(self, there, refuses=None):
        super().__init__(int(there.settings["S3_HTTP_PORT"]), seed=1, share=0, stall_s=0)
        self.refuses, self.refused, self.ahead_s = refuses, [], 0
        self.options = {"repo1_storage_host": "http://127.0.0.1", "repo1_storage_port": str(self.port)}

    def refusal(self, head):
        method, target = head.decode("latin-1").split(" ", 2)[:2]
        answer = self.refuses and self.refuses(method, target, head.decode("latin-1").lower())
        if not answer:
            return None
        self.refused.append((method, target))
        status, told = answer
        # A refusal of HEAD has no body, and so no name.
        body = "" if method == "HEAD" else f"<?xml version='1.0' encoding='UTF-8'?><Error>{told}</Error>"
        if "<DeleteResult" in told:
            body = told
        return (f"HTTP/1.1 {status}\r\nDate: {email.utils.formatdate(time.time() + self.ahead_s, usegmt=True)}\r\n"
                f"Content-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode()


# Commands that go on with other repositories have codes for the end of that.
ENDS = {"expire": ((104,), "ERROR: [039]"), "archive-push": ((103, 104), "[ProtocolError]"),
        "archive-get": ((103,), "[ProtocolError]")}


def refused(bench, hint, command, *words):
    """The command ends because of a refusal and tells what to look at. What it told."""
    codes, sign = ENDS.get(command, ((39,), "ERROR: [039]"))
    ended = bench.ours(command, *words, "--log-level-console=warn", codes=codes)
    expect(sign in ended.text, f"{command}: a refusal", ended)
    hints = ended.text.partition("HINT")[2]
    for word in hint:
        expect(word in hints, f"{command}: the hint names '{word}'", ended)
    return ended


def place_of(bench):
    return f"refusals/{bench.dir.name}"


def behind(bench, there, relay, **more):
    """From now on all of the program's requests take the way of the relay. PostgreSQL archives nothing meanwhile."""
    if bench.cluster.running():
        bench.cluster.stop()
    bench.settings = {}
    bench.configure(io_timeout="5", **{**there.options("/" + place_of(bench)), **relay.options, **more})
    bench.cluster.start(archive_command="false pgbraid")


def straight(bench, there, **more):
    if bench.cluster.running():
        bench.cluster.stop()
    bench.settings = {}
    bench.configure(**there.options("/" + place_of(bench), **more))
    bench.start()


def with_backups(bench, there, count=1, **more):
    """From here on the way is straight, and there are further backups."""
    straight(bench, there, **more)
    bench.ours("stanza-create")
    for _ in range(count):
        bench.ours("backup")
    bench.cluster.switch_and_wait_archived()


def untouched(bench, there, before, what):
    """The bucket has what it had."""
    after = there.objects(place_of(bench))
    equal({key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()
           if before.get(key) != after.get(key)}, {}, f"objects that {what} changed")


def one_by_one(method, target, _head):
    """Removals are refused as a whole."""
    return DENIED if method == "DELETE" or "?delete" in target else None


def key_by_key(_method, target, _head):
    """Removals of many are answered with success, and each key in it is refused."""
    told = "<DeleteResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><Error><Key>x</Key>" + DENIED[1] + \
           "</Error></DeleteResult>"
    return ("200 OK", told) if "?delete" in target else None


def of_many(_method, target, _head):
    """Those of single objects are not."""
    return DENIED if "?delete" in target else None


@test("store refusals: S3, removals", one_by_one, slow=True)
@test("store refusals: S3, removals, key by key", key_by_key)
@test("store refusals: S3, removals of many at once", of_many, slow=True)
def removals(bench, refuses):
    peer, there = later_peer("2.60.0"), gateway(bench)
    bench.ready(**there.options("/" + place_of(bench)))
    for _ in range(3):
        bench.ours("backup")
        bench.cluster.sql("insert into small select i, 'more' from generate_series((select max(id) + 1 from small),"
                          " (select max(id) + 9 from small)) i")
        for _ in range(3):
            bench.cluster.switch_and_wait_archived()
    before, made = there.objects(place_of(bench)), labels(bench)
    relay = Refusing(there, refuses)
    try:
        behind(bench, there, relay)
        refused(bench, ("remove",), "expire", "--repo1-retention-full=1")
        expect(relay.refused, "removals were refused")
        told = bench.ours("info", "--log-level-console=warn")
        expect("error" not in told.text, "info is as ever", told)
    finally:
        relay.stop()
    straight(bench, there)
    there_is, listed = there.objects(place_of(bench)), labels(bench)
    expect(set(listed) <= set(made) and made[-1] in listed, "backups in info", listed)
    gone = {key.split("/backup/demo/")[-1].split("/")[0] for key in before if key not in there_is}
    expect(gone <= set(made) - set(listed), "what is gone is of backups that info does not list", (gone, listed))
    whole(bench, peer, listed)
    # Whoever may remove goes on where that one had to end.
    told = bench.ours("expire", "--repo1-retention-full=1")
    equal(labels(bench), made[-1:], "backups after expire")
    left = {key.split("/backup/demo/")[1].split("/")[0] for key in there.objects(f"{place_of(bench)}/backup/demo/2")}
    # What has no manifest and came just now may become a backup; later it goes.
    young = re.findall(r"backup (\S+) is left alone: somebody may be making it", told.text)
    equal(sorted(left - set(young)), made[-1:], "directories of backups after expire")
    valid_there(bench, peer, labels(bench))


def valid_there(bench, peer, listed):
    """Both programs find these backups valid, whatever else there is."""
    for program in (OURS, peer):
        text = bench.call(program, "verify", "--output=text", "--verbose", "--log-level-console=warn").text
        found = dict(re.findall(r"backup: (\S+), status: (\S+\b)", text))
        equal({label: found.get(label) for label in listed}, {label: "valid" for label in listed}, f"verify: {text}")


def whole(bench, peer, listed):
    """All that info lists is there: for verify of both programs, and to restore."""
    valid_there(bench, peer, listed)
    for label in listed:
        same_restores(bench, peer, label)
    replayed(bench, OURS, "replayed")


def lists(method, target, _head):
    return DENIED if method == "GET" and re.search(r"[?&](list-type=|versions|uploads)", target) else None


@test("store refusals: S3, lists")
def listing(bench):
    there = gateway(bench)
    relay = Refusing(there, lists)
    try:
        behind(bench, there, relay)
        refused(bench, ("list",), "stanza-create")
        untouched(bench, there, {}, "stanza-create")
        with_backups(bench, there)
        before = there.objects(place_of(bench))
        behind(bench, there, relay)
        for command, *words in (("check",), ("backup", "--type=full"), ("backup", "--type=incr"),
                                ("expire", "--repo1-retention-full=1")):
            count = len(relay.refused)
            # Not 82: it does not wait for WAL first.
            refused(bench, ("list",), command, *words)
            expect(len(relay.refused) > count, f"{command}: it was a list that was refused")
            untouched(bench, there, before, command)
    finally:
        relay.stop()
    straight(bench, there)
    bench.ours("backup", "--type=incr")
    valid_for(bench, later_peer("2.60.0"), labels(bench))


def tagged(method, _target, head):
    return DENIED if "\r\nx-amz-tagging:" in head else None


WRITING = (("stanza-create",), ("backup", "--type=full"), ("backup", "--type=incr", "--repo1-retention-full=1"),
           ("archive-push",))


@test("store refusals: S3, tags, what writes", slow=True)
def tags(bench):
    there = gateway(bench)
    relay = Refusing(there, tagged)
    bench.configure(**there.options("/" + place_of(bench)))
    try:
        for command, *words in WRITING:
            if command == "backup":
                with_backups(bench, there, 2)
            before = there.objects(place_of(bench))
            behind(bench, there, relay, repo1_storage_tag="team=db", archive_check="n")
            if command == "archive-push":
                bench.cluster.sql("select pg_switch_wal()")
                words = [next((bench.cluster.data / "pg_wal/archive_status").glob("*.ready"))]
                words = [words[0].parent.parent / words[0].stem]
            count = len(relay.refused)
            refused(bench, ("tag",), command, *words)
            expect(len(relay.refused) > count, f"{command}: tags were refused")
            untouched(bench, there, before, command)
    finally:
        relay.stop()
    straight(bench, there)
    valid_for(bench, later_peer("2.60.0"), labels(bench))


@test("store refusals: S3, tags, expire")
def tags_of_expire(bench):
    """As pgBackRest does, it takes manifests away before it writes the index: that is what another run makes up for."""
    there = gateway(bench)
    relay = Refusing(there, tagged)
    try:
        with_backups(bench, there, 2)
        made = labels(bench)
        behind(bench, there, relay, repo1_storage_tag="team=db")
        refused(bench, ("tag",), "expire", "--repo1-retention-full=1")
        expect(relay.refused, "tags were refused")
    finally:
        relay.stop()
    straight(bench, there)
    valid_there(bench, later_peer("2.60.0"), made[1:])
    bench.ours("expire", "--repo1-retention-full=1")
    equal(labels(bench), made[1:], "backups after expire")
    valid_for(bench, later_peer("2.60.0"), made[1:])


def every_command(bench):
    """With a segment that is there, and a place for one."""
    segment = next((bench.cluster.data / "pg_wal").glob("0000*[0-9A-F]"))
    return (("stanza-create",), ("check",), ("backup", "--type=full"), ("expire", "--repo1-retention-full=1"),
            ("archive-push", segment), ("archive-get", segment.name, bench.dir / "got"), ("verify",),
            ("repo-ls",), ("restore", f"--pg1-path={bench.dir}/r/pg"))


@test("store refusals: S3, another region, and a token that has expired", slow=True)
def whoever_asks(bench):
    there = gateway(bench)
    relay = Refusing(there)
    token = there.settings["S3_SESSION_TOKEN"]
    session = {"repo1_s3_key": there.settings["S3_SESSION_KEY"], "repo1_s3_token": token,
               "repo1_s3_key_secret": there.settings["S3_SESSION_SECRET"]}
    (bench.dir / "r/pg").mkdir(parents=True, mode=0o700)
    try:
        with_backups(bench, there, **session)
        before = there.objects(place_of(bench))
        behind(bench, there, relay, **session)
        for answer, hint in ((WRONG_REGION, "repo-s3-region"), (EXPIRED, "repo-s3-token")):
            relay.refuses = lambda _method, _target, _head, one=answer: one
            for command, *words in every_command(bench):
                count = len(relay.refused)
                told = refused(bench, (hint,), command, *words)
                expect(len(relay.refused) - count < 20, f"{command}: it is not asked for ever", relay.refused)
                for secret in (token, session["repo1_s3_key_secret"]):
                    expect(secret not in told.text, f"{command}: a secret is shown", told)
                untouched(bench, there, before, command)
            told = bench.ours("info", "--log-level-console=warn", codes=None)
            expect(hint in told.text, "info tells it", told)
    finally:
        relay.stop()


class Elsewhere:
    """A server that somebody else would like to be asked: it notes what comes, and has an answer to nothing."""

    def __init__(self):
        self.heard = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                conn, _ = self.listener.accept()
                conn.settimeout(5)
                with contextlib.suppress(OSError), conn:
                    self.heard.append(conn.recv(65536))

    def stop(self):
        self.listener.close()


@test("store refusals: S3, redirects elsewhere are not followed")
def redirects(bench):
    there = gateway(bench)
    relay, elsewhere = Refusing(there), Elsewhere()
    (bench.dir / "r/pg").mkdir(parents=True, mode=0o700)
    try:
        with_backups(bench, there)
        before = there.objects(place_of(bench))
        behind(bench, there, relay)
        for status in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                       "308 Permanent Redirect"):
            location = f"{status}\r\nLocation: http://127.0.0.1:{elsewhere.port}/bucket/"
            told = "<Code>PermanentRedirect</Code><Message>The bucket is elsewhere.</Message>" \
                if status[:3] in ("301", "307") else ""
            relay.refuses = lambda _method, _target, _head, one=(location, told): one
            with hostile("answers of an object store"):
                for command, *words in every_command(bench) if status[:3] == "307" else every_command(bench)[1:2]:
                    count = len(relay.refused)
                    refused(bench, ("repo-s3-endpoint",), command, *words)
                    expect(len(relay.refused) > count, f"{command}: it was redirected")
                    untouched(bench, there, before, command)
                equal(elsewhere.heard, [], f"{status}: what came elsewhere")
    finally:
        relay.stop()
        elsewhere.stop()


AHEAD_S = 600  # The gateway itself takes a quarter of an hour.


def real_time(_method, _target, head):
    """The clock of this store is ahead."""
    asked = datetime.datetime.strptime(re.search(r"\r\nx-amz-date: *(\S+)", head)[1], "%Y%m%dt%H%M%Sz")
    off_s = asked.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time() - AHEAD_S
    return SKEWED if abs(off_s) > AHEAD_S / 2 else None


@test("store refusals: S3, a clock that is wrong is corrected; one that cannot be is told")
def clock(bench):
    there = gateway(bench)
    relay = Refusing(there, real_time)
    relay.ahead_s = AHEAD_S
    try:
        bench.ready(**{**there.options("/" + place_of(bench)), **relay.options}, archive_timeout="60")
        bench.ours("check")
        for kind in ("full", "incr"):
            count, asked = len(relay.refused), relay.requests
            told = bench.ours("backup", f"--type={kind}")
            expect("WARN: the clock of this host differs by" in told.text, "a warning", told)
            expect(len(relay.refused) > count, "requests were refused")
            # What was under way at that time, of each process; never all.
            expect((len(relay.refused) - count) * 5 < relay.requests - asked, "a clock is corrected once",
                   (relay.refused[count:], relay.requests - asked))
        bench.cluster.switch_and_wait_archived()
        replayed(bench, OURS, "replayed")
        # Whatever the time, it is wrong.
        behind(bench, there, relay)
        before = there.objects(place_of(bench))
        relay.refuses = lambda _method, _target, _head: SKEWED
        for command, *words in (("check",), ("backup", "--type=full"), ("expire", "--repo1-retention-full=1")):
            refused(bench, ("clock",), command, *words)
            untouched(bench, there, before, command)
    finally:
        relay.stop()
    straight(bench, there)
    equal(len(labels(bench)), 2, "backups")
    valid_for(bench, later_peer("2.60.0"), labels(bench))
