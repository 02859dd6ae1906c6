"""A proxy that stands for a later version of the API: it adds a field to every JSON object of an answer, and
compresses all JSON for clients that accept gzip.

Usage: proxy.py PORT TARGET [--faults]. A client that was generated from today's contract must ignore the field.

With --faults, the proxy also makes each of these once, and refuses (425) a repetition that comes before `Retry-After`:
a client is created and the answer is a 503; a list is refused with a 429; changes get no answer.
"""

import gzip
import json
import sys
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, TARGET = int(sys.argv[1]), sys.argv[2]
# These belong to one connection or to the bytes of the body, which are changed.
NOT_FORWARDED = {"connection", "content-encoding", "content-length", "host", "keep-alive", "transfer-encoding"}

# The faults still to be made, and when each of those that were made may be followed by a repetition.
faults = {"POST /clients", "GET /clients", "GET /clients/changes"} if "--faults" in sys.argv else set()
not_before = {}


def with_new_field(value):
    if isinstance(value, list):
        return [with_new_field(item) for item in value]
    if isinstance(value, dict):
        return {name: with_new_field(item) for name, item in value.items()} | {"addedLater": "new"}
    return value


def forwarded(headers):
    return {name.lower(): value for name, value in headers.items() if name.lower() not in NOT_FORWARDED}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        name = f"{self.command} {self.path.partition('?')[0].removeprefix('/api/v1')}"
        if time.monotonic() < not_before.get(name, 0):
            self.answer(425, b"{}", {"content-type": "application/problem+json"})
        elif name in faults:
            faults.remove(name)
            self.fail(name, body)
        else:
            self.answer(*self.forward(body))

    def fail(self, name, body):
        if name == "GET /clients/changes":
            self.close_connection = True
            return
        if name == "POST /clients":
            self.forward(body)
        status, code = (503, "unavailable") if name == "POST /clients" else (429, "rate_limited")
        problem = {"type": f"urn:clients-api:problem:{code}", "title": code, "status": status, "detail": code,
                   "code": code, "requestId": "-"}
        not_before[name] = time.monotonic() + 1
        self.answer(status, json.dumps(problem).encode(), {"content-type": "application/problem+json", "retry-after": "1"})

    def forward(self, body):
        request = urllib.request.Request(TARGET + self.path, body, forwarded(self.headers), method=self.command)
        try:
            answer = urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            if answer.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            return answer.status, content, forwarded(answer.headers)

    def answer(self, status, content, headers):
        self.send_response_only(status)
        if "json" in headers.get("content-type", ""):
            content = json.dumps(with_new_field(json.loads(content))).encode()
            if "gzip" in self.headers.get("Accept-Encoding", ""):
                content = gzip.compress(content)
                self.send_header("Content-Encoding", "gzip")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_request

    def log_request(self, code="-", size="-"):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
