"""A proxy that stands for a later version of the API: it adds a field to every JSON object of an answer, and
compresses all JSON for clients that accept gzip.

Usage: proxy.py PORT TARGET. A client that was generated from today's contract must ignore the field.
"""

import gzip
import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, TARGET = int(sys.argv[1]), sys.argv[2]
# These belong to one connection or to the bytes of the body, which are changed.
NOT_FORWARDED = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}


def with_new_field(value):
    if isinstance(value, list):
        return [with_new_field(item) for item in value]
    if isinstance(value, dict):
        return {name: with_new_field(item) for name, item in value.items()} | {"addedLater": "new"}
    return value


def forwarded(headers):
    return {name: value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        request = urllib.request.Request(TARGET + self.path, body, forwarded(self.headers), method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            if is_json := "json" in answer.headers.get("Content-Type", ""):
                content = json.dumps(with_new_field(json.loads(content))).encode()
            self.send_response_only(answer.status)
            if is_json and "gzip" in self.headers.get("Accept-Encoding", ""):
                content = gzip.compress(content)
                self.send_header("Content-Encoding", "gzip")
            for name, value in forwarded(answer.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = forward

    def log_request(self, code="-", size="-"):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
