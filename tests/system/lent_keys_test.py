# Keys that machines, pods and token services lend, on a network that has nothing else.
# SPDX-License-Identifier: MIT
import shutil

from case import test
import lab
from lab import OURS, Skip, equal, expect, run
from object_server import SERVERS, CloudStorage, Gateway

# Servers and program share a network of their own, where the addresses of clouds are local ones.
SCRIPT = """set -eu
servers=$1 work=$2 program=$3
eval "$("$servers/start-$4.sh" "$work/store" 7800)"
grep -v -e s3-key -e s3-token -e gcs-key "$REPO_CONF" >"$work/common"
export S3_KEY=${S3_SESSION_KEY:-} S3_SECRET=${S3_SESSION_SECRET:-} S3_TOKEN=${S3_SESSION_TOKEN:-}
export GCS_TOKEN=${GCS_TOKEN:-} CA_DIR=$work/store IMDS=v2
eval "$("$servers/start-metadata.sh" "$work/metadata" 7900)"
export AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
export AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_ARN
look() {
  { echo "[global]"; cat "$work/common"; printf '%s\\n' "$@"; } >"$work/conf"
  "$program" --config="$work/conf" --io-timeout=5 --log-level-console=warn info >"$work/said" 2>&1 || true
  cat "$work/said"
  if grep -q '^No stanzas exist in the repository' "$work/said"; then echo "keys: $*"; else echo "no keys: $*"; fi
}
walk() {
  { echo "[global]"; grep -v repo1-path "$work/common"; printf '%s\\n' "$@" repo1-retention-full=1 allow-root=y "lock-path=$work/lock" \
    log-level-file=off compress-type=lz4 "[demo]" "pg1-path=$work/data"; } >"$work/conf"
  rm -rf "$work/back"
  mkdir -p "$work/back"
  do_it() { "$program" --config="$work/conf" --stanza=demo --io-timeout=5 --log-level-console=warn "$@"; }
  segment=$(ls "$work/data/pg_wal" | grep -E '^[0-9A-F]{24}$' | head -n 1)
  if do_it stanza-create --no-online && do_it archive-push "$work/data/pg_wal/$segment" &&
    do_it backup --no-online --type=full && echo "$*" >"$work/data/new" && do_it backup --no-online --type=incr &&
    do_it backup --no-online --type=full && do_it archive-get "$segment" "$work/got" &&
    cmp "$work/got" "$work/data/pg_wal/$segment" && do_it verify && do_it restore --type=none --pg1-path="$work/back" &&
    diff -r -x pg_wal -x pg_subtrans -x pg_control -x postmaster.opts "$work/data" "$work/back" &&
    test "$(do_it info --output=json | grep -o '"label":"[^"]*"' | wc -l)" = 1
  then echo "walked: $*"; else echo "not walked: $*"; fi
}
trap '"$servers/stop-metadata.sh" "$work/metadata"; "$servers/stop-$0.sh" "$work/store"' EXIT
"""
S3_LOOKS = """look repo1-s3-key-type=auto
look repo1-s3-key-type=auto repo1-s3-role=pgbraid-role
look repo1-s3-key-type=auto repo1-s3-role=another
look repo1-s3-key-type=web-id
look repo1-s3-key-type=pod-id
printf wrong >"$work/wrong"
AWS_WEB_IDENTITY_TOKEN_FILE=$work/wrong look repo1-s3-key-type=web-id
AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=$work/wrong look repo1-s3-key-type=pod-id
"""
S3_WALKS = """walk repo1-s3-key-type=auto repo1-path=/auto
walk repo1-s3-key-type=web-id repo1-path=/web-id
walk repo1-s3-key-type=pod-id repo1-path=/pod-id
"""
GCS_WALKS = "walk repo1-gcs-key-type=auto repo1-path=/auto\n"
GCS_LOOKS = "look repo1-gcs-key-type=auto\n"


def looked(bench, kind, looks):
    missing = [one for one in (*kind.needs, "unshare", "ip") if not shutil.which(one)]
    if missing or not (SERVERS / "with-netns.sh").exists():
        raise Skip(f"no lenders of keys: {', '.join(missing) or SERVERS} is missing")
    script = bench.dir / kind.kind
    script.write_text(SCRIPT.replace("$0", kind.kind) + looks)
    ended = run(["env", "NAMES=sts.amazonaws.com=127.0.0.1 s3.pgbraid.test=127.0.0.1", "bash",
                 SERVERS / "with-netns.sh", "bash", script, SERVERS, bench.dir, OURS, kind.kind],
                codes=None, limit_s=180)
    expect("Token" not in ended.text and "wrong" not in ended.text.replace("/wrong", ""),
           "no token is shown", ended)
    return ended


def outcomes(ended):
    return [line for line in ended.text.splitlines() if line.startswith(("keys: ", "no keys: ", "walked: ",
                                                                        "not walked: "))]


@test("lent keys: S3, of the machine, of a token service, of a pod", cluster=False, root=True)
def of_s3(bench):
    ended = looked(bench, Gateway, S3_LOOKS)
    equal(outcomes(ended),
          ["keys: repo1-s3-key-type=auto",
           "keys: repo1-s3-key-type=auto repo1-s3-role=pgbraid-role",
           "no keys: repo1-s3-key-type=auto repo1-s3-role=another",
           "keys: repo1-s3-key-type=web-id", "keys: repo1-s3-key-type=pod-id",
           "no keys: repo1-s3-key-type=web-id", "no keys: repo1-s3-key-type=pod-id"],
          ended.text)


@test("lent keys: GCS, of the machine", cluster=False, root=True)
def of_gcs(bench):
    ended = looked(bench, CloudStorage, GCS_LOOKS)
    equal(outcomes(ended), ["keys: repo1-gcs-key-type=auto"], ended.text)


@test("lent keys: S3, backups, WAL, verify, expire and a restore with each kind", Gateway, S3_WALKS, cluster=False,
      root=True)
@test("lent keys: GCS, backups, WAL, verify, expire and a restore", CloudStorage, GCS_WALKS, cluster=False,
      root=True)
def whole_walks(bench, kind, walks):
    """With a cluster that is stopped: nothing else is on that network."""
    data = bench.dir / "data"
    data.mkdir(mode=0o700)
    shutil.chown(data, "postgres", "postgres")
    for above in (bench.dir, *bench.dir.parents[:2]):
        above.chmod(above.stat().st_mode | 0o011)
    run(["runuser", "-u", "postgres", "--", lab.PG_BIN / "initdb", "-D", data, "-k", "--wal-segsize=1", "-A", "trust"])
    ended = looked(bench, kind, walks)
    equal(outcomes(ended), [f"walked: {line.partition(' ')[2]}" for line in walks.splitlines()], ended.text)
