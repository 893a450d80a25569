# SPDX-License-Identifier: Apache-2.0
"""An OAuth 2.0 provider on loopback, over HTTPS, that plays good days and bad ones.

It knows the authorization code with PKCE, refresh tokens that rotate or not, devices and
revocation (RFC 6749, 7636, 8628, 7009), and checks what a real one checks. Access tokens are JSON
Web Tokens that Dovecot takes (HS256). `faults` is what happens to the next questions at the token
endpoint, one each, before the good answers go on.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import secrets
import shutil
import ssl
import sys
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support import certificates

CLIENT_ID = "sterna test"
CLIENT_SECRET = "client-canary-secret"


def _base64url(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def json_web_token(key, user, lifetime):
    now = int(time.time())
    parts = [json.dumps(part).encode() for part in (
        {"alg": "HS256", "typ": "JWT"},
        {"sub": user, "iat": now - 5, "nbf": now - 5, "exp": now + lifetime,
         "jti": secrets.token_hex(8)})]
    text = ".".join(map(_base64url, parts))
    return f"{text}.{_base64url(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away, or was killed, is no failure of the test's."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*_)


class IdentityProvider:
    def __init__(self, user="ann", key=b"shared with the mail server", certificate="good",
                 name=None):
        """`name` is that of the host at which the program finds it; the browser goes to the
        address."""
        self.user = user
        self.key = key
        self.rotates = True
        self.gives_refresh_token = True
        self.denies = False           # the user, at the page
        self.lifetime = 3600          # of access tokens; what is said is `says_lifetime`
        self.says_lifetime = None
        self.says_scope = "mail offline"    # was granted; None: it says nothing of it
        self.token_key = None         # signs access tokens with it instead
        self.faults = []              # strings or callables, see _token()
        self.asked = []               # the forms that came to the token endpoint
        self.issued = []              # every secret that was given away
        self.revoked = []
        self.device_polls = []        # what is said to polls, before a token: error words
        self.interval = 1
        self._codes = {}
        self._refresh = {}            # token: grant id
        self._retired = set()
        self._devices = {}
        self._lock = threading.Lock()
        self.dir = tempfile.mkdtemp(prefix="sterna-idp-")
        certificates.make(self.dir, ["127.0.0.1"])
        self.name = name or "127.0.0.1"
        if name:
            certificate = "named"
            certificates.issue(self.dir, certificate, [f"DNS:{name}", "IP:127.0.0.1"])
        self.ca = f"{self.dir}/ca.pem"
        self._server = _Server(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.dir}/{certificate}.pem", f"{self.dir}/{certificate}.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.hung = threading.Event()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self.hung.set()
        self._server.shutdown()
        self._server.server_close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def url(self, path, host=None):
        return f"https://{host or self.name}:{self.port}/{path}"

    def keys(self, **more):
        """[account.NAME.oauth] for it."""
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": "mail offline",
                "authorize_url": self.url("authorize", "127.0.0.1"),
                "token_url": self.url("token"),
                "device_url": self.url("device"), "revoke_url": self.url("revoke"),
                "ca_file": self.ca, **more}

    def revoke_all(self):
        """The user, or an administrator, takes the consent back."""
        with self._lock:
            self._retired.update(self._refresh)
            self._refresh.clear()

    def remember_secret(self, text):
        self.issued.append(text)
        return text

    # ---- the user's browser

    def consent(self, url):
        """Opens the page of an authorization URL, where the user agrees or not; where the browser
        is sent then."""
        address = urllib.parse.urlsplit(url)
        context = ssl.create_default_context(cafile=self.ca)
        connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=20,
                                                 context=context)
        connection.request("GET", f"{address.path}?{address.query}")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 302:
            raise AssertionError(f"the page of the provider says {answer.status}")
        return answer.headers["Location"]

    @staticmethod
    def visit(url, host=None):
        """A browser goes there; status and text."""
        address = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(host or address.hostname, address.port, timeout=20)
        connection.request("GET", f"{address.path or '/'}?{address.query}")
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    # ---- endpoints

    def authorize(self, query):
        """Status and Location."""
        if query.get("client_id") != CLIENT_ID or query.get("response_type") != "code":
            return 400, None
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            return 400, None
        answer = {"state": query.get("state", "")}
        if self.denies:
            answer |= {"error": "access_denied", "error_description": "The user said no"}
        else:
            code = self.remember_secret("code-" + secrets.token_urlsafe(16))
            self._codes[code] = query
            answer["code"] = code
        return 302, query["redirect_uri"] + "?" + urllib.parse.urlencode(answer)

    def token(self, form):
        """Status and answer."""
        if form.get("client_id") != CLIENT_ID or form.get("client_secret") != CLIENT_SECRET:
            return 401, {"error": "invalid_client"}
        with self._lock:
            kind = form.get("grant_type", "")
            if kind == "authorization_code":
                return self._by_code(form)
            if kind == "refresh_token":
                return self._by_refresh(form)
            if kind.endswith(":device_code"):
                return self._by_device(form)
        return 400, {"error": "unsupported_grant_type"}

    def _by_code(self, form):
        asked = self._codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        challenge = _base64url(hashlib.sha256(verifier.encode()).digest())
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "no such code"}
        if asked["code_challenge"] != challenge or len(verifier) < 43:
            return 400, {"error": "invalid_grant", "error_description": "a wrong verifier"}
        return 200, self._grant()

    def _by_refresh(self, form):
        token = form.get("refresh_token", "")
        if token not in self._refresh:
            return 400, {"error": "invalid_grant", "error_description": "Token has been revoked"}
        if self.rotates:
            self._retired.add(token)
            del self._refresh[token]
        return 200, self._grant(None if self.rotates else token)

    def _by_device(self, form):
        if form.get("device_code") not in self._devices:
            return 400, {"error": "invalid_grant"}
        if self.device_polls:
            return 400, {"error": self.device_polls.pop(0)}
        del self._devices[form["device_code"]]
        return 200, self._grant()

    def _grant(self, refresh=None):
        lifetime = self.lifetime if self.says_lifetime is None else self.says_lifetime
        access = json_web_token(self.token_key or self.key, self.user, self.lifetime)
        answer = {"access_token": self.remember_secret(access), "token_type": "Bearer",
                  "expires_in": lifetime}
        if self.says_scope is not None:
            answer["scope"] = self.says_scope
        if refresh is None and self.gives_refresh_token:
            fresh = self.remember_secret("refresh-" + secrets.token_urlsafe(16))
            self._refresh[fresh] = True
            answer["refresh_token"] = fresh
        return answer

    def device(self, _form):
        code = self.remember_secret("device-" + secrets.token_urlsafe(16))
        self._devices[code] = True
        return 200, {"device_code": code, "user_code": "WDJB-MJHT",
                     "verification_uri": self.url("enter"), "expires_in": 600,
                     "interval": self.interval}

    def revoke(self, form):
        with self._lock:
            self.revoked.append(form.get("token"))
            self._refresh.pop(form.get("token"), None)
        return 200, {}

    # ---- HTTP

    def _handler(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                address = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(address.query))
                status, location = 404, None
                if address.path == "/authorize":
                    status, location = provider.authorize(query)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
                path = urllib.parse.urlsplit(self.path).path
                if path == "/token":
                    provider.asked.append(form)
                    if provider.faults and self._fault(provider.faults.pop(0), form):
                        return
                answer = {"/token": provider.token, "/device": provider.device,
                          "/revoke": provider.revoke}.get(path)
                status, told = answer(form) if answer else (404, {})
                self._say(status, json.dumps(told).encode())

            def _fault(self, fault, form):
                """True if it was the answer."""
                if callable(fault):
                    return fault(self, form)
                if fault == "hang":
                    provider.hung.wait(60)
                elif fault == "close":
                    self.close_connection = True
                elif fault == "html":
                    self._say(200, b"<html>Sign in to the hotel's network</html>", "text/html")
                elif fault == "huge":
                    self._huge()
                elif fault == "nonsense":
                    self._say(200, b'{"access_token": {"a": [1, 2, 3')
                elif fault.startswith("retry"):
                    self._say(429, b"slow", "text/plain", {"Retry-After": fault.split()[1]})
                elif fault.startswith("error"):
                    self._say(400, json.dumps({"error": fault.split()[1]}).encode())
                else:
                    self._say(int(fault), b"<html>Oh dear</html>", "text/html")
                return True

            def _huge(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b" " * 65536)
                except OSError:
                    pass
                self.close_connection = True

            def _say(self, status, body, kind="application/json", headers=()):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Handler


# What a Dovecot takes beside its usual configuration, to let tokens in.
DOVECOT = """\
auth_mechanisms = plain login oauthbearer xoauth2
passdb tokens {
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {dir}/oauth2.conf.ext
}
"""


def teach(directory, key):
    """Writes what DOVECOT refers to: tokens are checked by their signature alone."""
    keys = f"{directory}/keys/default/HS256"
    os.makedirs(keys, exist_ok=True)
    with open(f"{keys}/default", "wb") as out:
        out.write(base64.b64encode(key))
    with open(f"{directory}/oauth2.conf.ext", "w", encoding="ascii") as out:
        out.write("introspection_mode = local\n"
                  f"local_validation_key_dict = fs:posix:prefix={directory}/keys/\n"
                  "username_attribute = sub\n")
    for top, directories, files in os.walk(f"{directory}/keys"):
        for name in directories + files:
            os.chmod(os.path.join(top, name), 0o755)
    os.chmod(f"{directory}/keys", 0o755)
