#!/usr/bin/env python3
"""server.py - serve a folder on 127.0.0.1, with ranges or with the faults a test asks for

    server.py DIR [--no-ranges] [--cut BYTES]

prints the port and serves until it is ended.  --cut closes the connection after
so many bytes of each answer.
"""
import argparse
import http.server
import os
import re

arguments = argparse.ArgumentParser()
arguments.add_argument("folder")
arguments.add_argument("--no-ranges", action="store_true")
arguments.add_argument("--cut", type=int)
options = arguments.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = os.path.join(options.folder, os.path.basename(self.path))
        if not os.path.isfile(path):
            self.send_error(404)
            return
        with open(path, "rb") as file:
            content = file.read()
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(wanted.group(1)) if wanted and not options.no_ranges else 0
        if first and first >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        with open(os.path.join(os.getcwd(), "server.log"), "a") as log:
            log.write(f"{os.path.basename(self.path)} from {first}\n")
        body = content[first:]
        self.wfile.write(body if options.cut is None else body[:options.cut])

    def log_message(self, *_):
        pass


class Server(http.server.HTTPServer):
    def handle_error(self, *_):
        """Clients that hang up are part of the tests."""


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
