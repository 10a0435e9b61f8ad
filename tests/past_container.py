# A container of blobs with versions, made of what a directory was at several moments.
# SPDX-License-Identifier: MIT
"""Azurite keeps no versions, so this one answers what reading a repository of a time asks of Azure's
blob service: lists with versions, in pages, and blobs of a version. It is not asked for more, and
does not look at signatures. How a list looks was recorded from what 2.60.0 reads."""
import base64
import http.server
import re
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

PAGE = 40


class PastContainer:
    """Serves from `with` to its end."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.history = {}  # of a key: (time, content or None for what is gone), the oldest first
        self.refused = []

    def remember(self, directory):
        """What is in the directory now; all of it has the time of this second."""
        now = int(time.time())
        found = {f"{self.prefix}/{path.relative_to(directory)}": path.read_bytes()
                 for path in directory.rglob("*") if path.is_file() and not path.is_symlink()}
        for key in self.history.keys() | found.keys():
            versions = self.history.setdefault(key, [])
            if (versions[-1][1] if versions else None) != found.get(key):
                versions.append((now, found.get(key)))

    def options(self):
        return {"repo1_type": "azure", "repo1_path": f"/{self.prefix}", "repo1_azure_account": "acc",
                "repo1_azure_container": "con",
                "repo1_azure_key": base64.b64encode(b"nobody looks at it").decode(),
                "repo1_azure_endpoint": f"http://127.0.0.1:{self.server.server_port}",
                "repo1_azure_uri_style": "path", "repo1_storage_port": str(self.server.server_port)}

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = outer.answer(self.path, self.headers.get("range") or
                                                     self.headers.get("x-ms-range"))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(body)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_PUT(self):
                outer.refused.append(f"{self.command} {self.path}")
                self.send_error(405)

            do_HEAD = do_POST = do_DELETE = do_PUT

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, target, wanted):
        where, _, query = target.partition("?")
        fields = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        if where == "/acc/con" and fields.get("include") == "versions":
            return 200, {}, self.list_of(fields).encode()
        key = urllib.parse.unquote(where).removeprefix("/acc/con/")
        for moment, content in self.history.get(key, []):
            if content is not None and version_of(moment) == fields.get("versionid"):
                return part_of(content, wanted, {"x-ms-version-id": version_of(moment),
                                                 "ETag": f'"{moment}"', "Last-Modified": http_time(moment)})
        self.refused.append(target)
        return 404, {"x-ms-error-code": "BlobNotFound"}, b""

    def list_of(self, fields):
        """Versions of a blob the oldest first. When one was removed is not told."""
        prefix, rows = fields.get("prefix", ""), {}
        for key in sorted(self.history):
            if not key.startswith(prefix):
                continue
            rest = key[len(prefix):]
            if "delimiter" in fields and "/" in rest:
                name = prefix + rest.partition("/")[0] + "/"
                rows[name, ""] = f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"
                continue
            versions = self.history[key]
            for number, (moment, content) in enumerate(versions):
                if content is None:
                    continue
                current = number == len(versions) - 1
                rows[key, version_of(moment)] = (
                    f"<Blob><Name>{escape(key)}</Name><VersionId>{version_of(moment)}</VersionId>"
                    + ("<IsCurrentVersion>true</IsCurrentVersion>" if current else "")
                    + f"<Properties><Creation-Time>{http_time(moment)}</Creation-Time>"
                    f"<Last-Modified>{http_time(moment)}</Last-Modified><Etag>{moment}</Etag>"
                    f"<Content-Length>{len(content)}</Content-Length>"
                    "<BlobType>BlockBlob</BlobType></Properties></Blob>")
        first = int(fields.get("marker", "0"))
        shown = list(rows.values())[first:first + PAGE]
        more = str(first + PAGE) if first + PAGE < len(rows) else ""
        return ('<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>'
                f"{''.join(shown)}</Blobs><NextMarker>{more}</NextMarker></EnumerationResults>")


def part_of(content, wanted, headers):
    bounds = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
    if not bounds:
        return 200, headers, content
    first, last = int(bounds[1]), int(bounds[2] or len(content) - 1)
    if first >= len(content):
        return 416, {"Content-Range": f"bytes */{len(content)}"}, b""
    some = content[first:last + 1]
    return 206, {**headers,
                 "Content-Range": f"bytes {first}-{first + len(some) - 1}/{len(content)}"}, some


def version_of(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S.1234567Z", time.gmtime(moment))


def http_time(moment):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(moment))
