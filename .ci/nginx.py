"""Starts conv and nginx with docs/examples/nginx.conf, and checks what a caller sees through both.

Nothing is changed in the file but ports and paths. The `http` block around it is as unkind as an
operator's may be: it compresses everything, and does not heed an answer that asks not to be buffered.
So what must hold is the file's own doing.
"""

import gzip
import http.client
import json
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

HOST = "chat.example.com"  # as in the file
ORIGIN = f"https://{HOST}"
ROW = "C2Cuser_0018"  # pinned at first
PATIENCE = 10  # seconds for what should take some milliseconds
# Of these nginx sends its own or none, or each answer has another one.
OWN = {"connection", "date", "keep-alive", "ratelimit", "server", "transfer-encoding", "x-accel-buffering",
       "x-request-id"}
HSTS = "strict-transport-security"


def until(what, condition):
    """Waits for a condition, and returns its value."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            sys.exit(f"failed: not within {PATIENCE} seconds: {what}")
        time.sleep(0.01)
    return value


def check(is_so, what, *seen):
    if not is_so:
        sys.exit(f"failed: {what}: {seen}")


def said(text):
    print(f"ok: {text}", flush=True)


class Output:
    """What a process writes, as it comes."""

    started = []

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.bytes = b""
        Output.started.append(self)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while some := os.read(self.process.stdout.fileno(), 65536):
            self.bytes += some

    def text(self):
        return self.bytes.decode(errors="replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Conv(Output):
    def __init__(self):
        ports = ["--listen", "127.0.0.1:0", "--private-listen", "127.0.0.1:0"]
        super().__init__([os.environ["CONV_BIN"], "serve", "--demo", "--inbox", "--proxies", "1", *ports,
                          "--origin", ORIGIN, "--drain-pre-stop", "0", "--drain-hard-end", "10"])
        until("conv listens", lambda: "/metrics" in self.text() or self.process.poll() is not None)
        check(self.process.poll() is None, "conv starts", self.text())
        self.port = int(re.search(r"listening on http://127\.0\.0\.1:(\d+)", self.text())[1])
        # The first call that it prints is the login.
        self.login = json.loads(re.search(r"/v1/login .*-d '({.*?})'", self.text())[1])


class Nginx(Output):
    def __init__(self, folder, conv_port):
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.certificate = f"{folder}/certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "1", "-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}",
                        "-keyout", f"{folder}/key.pem", "-out", self.certificate], check=True, capture_output=True)
        with open(f"{folder}/nginx.conf", "w") as file:
            file.write(self._config(conv_port))
        self.command = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
        tested = subprocess.run([*self.command, "-t"], capture_output=True, text=True)
        complaints = [line for line in tested.stderr.splitlines()
                      if re.search(r"\[(warn|error|emerg|alert|crit)\]", line) and "is deprecated" not in line]
        check(tested.returncode == 0 and not complaints, "nginx -t", tested.stderr)
        super().__init__(self.command)
        until("nginx listens", lambda: self.process.poll() is not None or self._is_open())
        check(self.process.poll() is None, "nginx starts", self.text(), self.log())

    def _config(self, conv_port):
        with open("docs/examples/nginx.conf") as file:
            text = file.read()
        for before, after in [
            ("server 127.0.0.1:8690;", f"server 127.0.0.1:{conv_port};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("/etc/ssl/chat.example.com.pem;", f"{self.certificate};"),
            ("/etc/ssl/private/chat.example.com.key;", f"{self.folder}/key.pem;"),
        ]:
            check(text.count(before) == 1, "docs/examples/nginx.conf has this line once", before)
            text = text.replace(before, after)
        paths = "".join(f"{name}_temp_path {self.folder}/{name};\n"
                        for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        user = f"user {pwd.getpwuid(0).pw_name};\n" if os.getuid() == 0 else ""
        return (f"{user}daemon off;\nworker_processes 1;\npid {self.folder}/nginx.pid;\n"
                f"error_log {self.folder}/error.log notice;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}"
                "gzip on;\ngzip_types *;\ngzip_proxied any;\ngzip_min_length 0;\n"
                f"proxy_ignore_headers X-Accel-Buffering;\n{text}\n}}\n")

    def _is_open(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def log(self):
        with open(f"{self.folder}/error.log") as file:
            return file.read()

    def reload(self):
        before = self.log().count("gracefully shutting down")
        subprocess.run([*self.command, "-s", "reload"], check=True, capture_output=True)
        until("the old worker ends", lambda: self.log().count("gracefully shutting down") > before)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = sorted((name.lower(), value) for name, value in response.getheaders())
        self.header = {name: value for name, value in self.headers}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def passed(self):
        """What nginx must not change."""
        return self.status, [it for it in self.headers if it[0] not in OWN | {HSTS}]


class Caller:
    """Calls conv through nginx, and past it."""

    def __init__(self, conv, nginx):
        self.conv, self.nginx, self.token, self.is_pinned = conv, nginx, None, True
        self.tls = ssl.create_default_context(cafile=nginx.certificate)

    def call(self, path, body=None, direct=False, source=None, **headers):
        sent = {"Host": HOST, "Origin": ORIGIN}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
            body = json.dumps(body) if not isinstance(body, bytes) else body
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        port = self.conv.port if direct else self.nginx.port
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE,
                                          source_address=source and (source, 0))
        line.connect()
        if not direct:
            line.sock = self.tls.wrap_socket(line.sock, server_hostname=HOST)
        try:
            line.request("GET" if body is None else "POST", path, body, sent)
            answer = Answer(line.getresponse())
        except TimeoutError:
            sys.exit(f"failed: no answer within {PATIENCE} seconds: {path}, {headers}")
        finally:
            line.close()
        if not direct:
            check(HSTS in answer.header, "every answer has Strict-Transport-Security", path, answer.headers)
        return answer

    def both(self, path, body=None, **headers):
        """Returns the answers through nginx and past it to one call, which must be the same."""
        seen, own = self.call(path, body, **headers), self.call(path, body, direct=True, **headers)
        check(seen.passed() == own.passed(), f"nginx changes nothing of {path}", seen.passed(), own.passed())
        return seen, own

    def toggle_pin(self):
        """Pins a row or takes its pin away, and returns what the row then shows."""
        self.is_pinned = not self.is_pinned
        answer = self.call("/v1/conversations/pin", {"conversationID": ROW, "isPinned": self.is_pinned})
        check(answer.status == 200, "a pin", answer.status, answer.body)
        return ROW, self.is_pinned


class Stream(Output):
    """An open stream of a list, as curl sees it."""

    def __init__(self, caller, version, *options, direct=False):
        port, scheme = (caller.conv.port, "http") if direct else (caller.nginx.port, "https")
        self.version = version
        self.name = f"a stream over {version}"
        super().__init__(["curl", "-sSNi", f"--{version}", "--cacert", caller.nginx.certificate,
                          "--resolve", f"{HOST}:{port}:127.0.0.1", *options,
                          "-H", f"Authorization: Bearer {caller.token}", "-H", "Content-Type: application/json",
                          "-d", '{"queries":{"main":{"window":100}}}',
                          f"{scheme}://{HOST}:{port}/v1/conversations/stream"])
        for event in ["hello", "reset", "report"]:
            until(f"{event} of {self.name}", lambda event=event: self.has(event))
        self.is_open()

    def head(self):
        lines = self.text().replace("\r", "").split("\n\n")[0].split("\n")
        headers = (line.split(": ", 1) for line in lines[1:])
        return lines[0], sorted((name.lower(), value) for name, value in headers if name.lower() not in OWN | {HSTS})

    def events(self):
        """Returns the whole events so far: their names and data."""
        body = self.text().replace("\r\n", "\n").split("\n\n")[1:-1]
        fields = [dict(line.split(": ", 1) for line in event.split("\n") if ": " in line) for event in body]
        return [(it["event"], json.loads(it["data"])) for it in fields if "event" in it]

    def has(self, name):
        return any(it == name for it, _ in self.events())

    def is_open(self):
        check(self.process.poll() is None, f"{self.name} is open", self.text()[-500:])

    def sees_a_pin(self, caller):
        """Changes a pin, and waits for the event of it."""
        seen = len(self.events())
        wanted = caller.toggle_pin()

        def rows(value):
            if isinstance(value, dict):
                yield value.get("conversationID"), value.get("isPinned")
                value = value.values()
            for inner in value if not isinstance(value, (str, int, float, type(None))) else ():
                yield from rows(inner)

        until(f"the pin on {self.name}", lambda: any(wanted in rows(data) for _, data in self.events()[seen:]))
        self.is_open()


def logs_in_and_lists(caller):
    login = caller.call("/v1/login", caller.conv.login)
    check(login.status == 200, "a login", login.status, login.body)
    check(login.header.get("access-control-allow-origin") == ORIGIN, "the origin is allowed", login.headers)
    caller.token = login.json()["data"]["accessToken"]

    def lists(**headers):
        """The list may change between both calls: the demo's world lives."""
        path, answers = "/v1/conversations?limit=50", []

        def same():
            answers[:] = caller.call(path, **headers), caller.call(path, direct=True, **headers)
            return answers[0].header["etag"] == answers[1].header["etag"]

        until("the same list twice", same)
        seen, own = answers
        check(seen.passed() == own.passed() and seen.body == own.body, "nginx changes nothing of a list",
              seen.passed(), own.passed())
        return seen

    check(lists().json()["data"]["conversationList"], "a list has rows")
    squeezed = lists(Accept_Encoding="gzip")
    check(squeezed.header.get("content-encoding") == "gzip", "conv's compression", squeezed.headers)
    json.loads(gzip.decompress(squeezed.body))
    until("a list that is there already is 304", lambda: caller.call(
        "/v1/conversations?limit=50", If_None_Match=lists().header["etag"]).status == 304)
    said("login, and a list as conv made it")


def shows_the_inbox(caller):
    page, own = caller.both("/inbox/")
    check(page.status == 200 and page.body == own.body, "the inbox", page.status)
    policy = page.header.get("content-security-policy", "")
    check("default-src 'none'" in policy, "the inbox has its policy", page.headers)
    files = re.findall(rb'(?:src|href)="([^":]+\.(?:js|css))"', page.body)
    check(len(files) >= 2, "the inbox names its files", page.body)
    for file in files:
        path = "/inbox/" + file.decode().removeprefix("/inbox/").removeprefix("./")
        seen, own = caller.both(path, Accept_Encoding="gzip")
        check(seen.status == 200 and seen.body == own.body, "a file of the inbox", path, seen.status)
    said("the inbox with its policy and files")


def streams(caller, versions):
    for version in versions:
        for options in [(), ("-H", "Accept-Encoding: gzip")]:
            direct = Stream(caller, "http1.1", *options, direct=True)
            stream = Stream(caller, version, *options)
            status, headers = stream.head()
            check(status.startswith("HTTP/2 " if version == "http2" else "HTTP/1.1 "), "the version", status)
            check(headers == direct.head()[1], "nginx changes no header of a stream", headers, direct.head())
            stream.sees_a_pin(caller)
            stream.stop()
            direct.stop()
    said(f"streams come as they are made, over {' and '.join(versions)}")


def passes_calls_and_refusals(caller):
    mark = {"conversationIDList": [ROW], "markType": 1, "enableMark": True}
    made, again = caller.both("/v1/conversations/mark", mark, Idempotency_Key="a-key-of-one-call")
    check(made.status == 200 and made.body == again.body, "one key, one answer", made.body, again.body)
    mark["enableMark"] = False
    other, _ = caller.both("/v1/conversations/mark", mark, Idempotency_Key="a-key-of-one-call")
    check(other.status == 422, "a key of another call", other.status, other.body)
    refused = [(other, 422)]
    for path, body, status, headers in [
        ("/v1/conversations?limit=x", None, 400, {}),
        ("/v1/conversations?limit=1", None, 401, {"Authorization": "Bearer forged"}),
        ("/v1/nothing", None, 404, {}),
        ("/v1/conversations/list", b" " * (65 << 10), 413, {}),  # conv's own limit is 64 KiB
    ]:
        refused.append((caller.both(path, body, **headers)[0], status))
    for answer, status in refused:
        is_problem = answer.header.get("content-type") == "application/problem+json"
        check(answer.status == status and is_problem and answer.json()["status"] == status, "a refusal",
              status, answer.headers, answer.body)
    # nginx refuses by the length alone; had it waited for the body, there would be no answer.
    large = caller.call("/v1/conversations/list", b"", Content_Length=str((1 << 20) + 1))
    check(large.status == 413 and b"nginx" in large.body, "more than 1 MiB", large.status, large.body)
    said("keys and refusals pass, and large bodies do not")


def limits_addresses(caller):
    forged = ["198.51.100.{}", "198.51.100.{}, 203.0.113.9", "[2001:db8:{}::1]:80", "203.0.113.{},"]
    wrong = {"userID": "user_0001", "userSig": caller.conv.login["userSig"][:-8] + "AAAAAAAA"}

    def status(nth, **options):
        forwarded = forged[nth % len(forged)].format(nth + 1)
        return caller.call("/v1/login", wrong, X_Forwarded_For=forwarded, **options).status

    statuses = [status(nth) for nth in range(11)]
    check(statuses == [401] * 10 + [429], "forged addresses share a limit", statuses)
    if sys.platform == "linux":  # where all of 127.0.0.0/8 is this machine
        other = status(0, source="127.0.0.2")
        check(other == 401, "another address has its own limit", other)
    said("a caller cannot make up his address")


def goes_on_when_nginx_reloads(caller, versions):
    old = [Stream(caller, version) for version in versions]
    caller.nginx.reload()
    for stream in old:
        stream.sees_a_pin(caller)
    new = [Stream(caller, version) for version in versions]
    for stream in new:
        stream.sees_a_pin(caller)
    said("nginx reloads: old streams go on, new ones begin")
    return old + new


def says_goodbye(caller, open_streams):
    caller.conv.process.terminate()
    for stream in open_streams:
        until(f"the end of {stream.name}", lambda stream=stream: stream.process.poll() is not None)
        last = stream.events()[-1]
        check(last[0] == "bye" and last[1]["reason"] == "drain", "the last event", last)
        check(stream.process.returncode == 0, "the answer is whole", stream.process.returncode, stream.text()[-200:])
    until("conv ends", lambda: caller.conv.process.poll() is not None)
    check(caller.conv.process.returncode == 0, "conv ends well", caller.conv.text())
    said("conv drains: each stream ends by `bye`, whole")


def main():
    features = subprocess.run(["curl", "--version"], check=True, capture_output=True, text=True).stdout
    versions = ["http1.1", "http2"] if "HTTP2" in features else ["http1.1"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    folder = tempfile.mkdtemp()
    try:
        conv = Conv()
        nginx = Nginx(folder, conv.port)
        caller = Caller(conv, nginx)
        logs_in_and_lists(caller)
        shows_the_inbox(caller)
        streams(caller, versions)
        passes_calls_and_refusals(caller)
        limits_addresses(caller)
        says_goodbye(caller, goes_on_when_nginx_reloads(caller, versions))
    finally:
        for process in reversed(Output.started):
            process.stop()
        shutil.rmtree(folder)


main()
