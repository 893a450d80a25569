# SPDX-License-Identifier: Apache-2.0
"""The server's side of SCRAM (RFC 5802, RFC 7677), with an IMAP server around it whose every step a
test can bend; over TLS with channel binding where it is asked for.
"""
import base64
import hashlib
import hmac
import os
import shutil
import ssl
import tempfile

from tests.support import certificates
from tests.support.scripted import ScriptedServer

# OpenSSL's option that leaves RFC 7627 out, which Python has no name for.
_NO_EXTENDED_MASTER_SECRET = 1


def _fields(message):
    return dict(part.split(b"=", 1) for part in message.split(b","))


class ScramServer(ScriptedServer):
    """Over TLS with `tls`, a version of it. Knows one user, u, and the password p."""
    password = b"p"
    iterations = b"4096"
    hash = "sha256"
    binds = True              # what the real server can do, whatever is offered
    plus = b"AUTH=SCRAM-SHA-256-PLUS "

    def __init__(self, test, tls=None, extended_master_secret=True, kind="good"):
        self.capabilities = (b"IMAP4rev1 SASL-IR LOGINDISABLED " + (self.plus if tls else b"")
                             + b"AUTH=SCRAM-SHA-256")
        self.logins = []      # the mechanism and the header of each exchange
        self.regrets = []     # what was answered to an error or a wrong signature
        self.context = None
        if tls:
            directory = tempfile.mkdtemp(prefix="sterna-test-")
            test.addCleanup(shutil.rmtree, directory, True)
            certificates.make(directory, ["127.0.0.1"])
            self.ca = f"{directory}/ca.pem"
            self.certificate = f"{directory}/{kind}.pem"
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.minimum_version = self.context.maximum_version = tls
            if not extended_master_secret:
                self.context.options |= _NO_EXTENDED_MASTER_SECRET
            self.context.load_cert_chain(self.certificate, f"{directory}/{kind}.key")
        super().__init__()
        test.addCleanup(self.close)

    def keys(self):
        """What an account before this server needs."""
        return {"tls": {"ca_file": self.ca}} if self.context else {}

    def _run(self, client):
        if self.context:
            try:
                client = self.context.wrap_socket(client, server_side=True)
            except OSError:
                client.close()
                return
        super()._run(client)

    # ---- what tests bend

    def binding(self, session, kind):
        """The data of that kind, or None where this server does not know it."""
        if kind == b"tls-unique":
            return session.client.get_channel_binding("tls-unique")
        if kind == b"tls-server-end-point":
            with open(self.certificate, encoding="ascii") as file:
                return hashlib.sha256(ssl.PEM_cert_to_DER_cert(file.read())).digest()
        return None

    def continued(self, nonce):
        return nonce + base64.b64encode(os.urandom(12))

    def signature(self, octets):
        return octets

    def first(self, nonce, salt):
        return b"r=%s,s=%s,i=%s" % (nonce, base64.b64encode(salt), self.iterations)

    def opening(self, session, tag):
        """Said instead of the first message; true if it ends there."""
        return False

    # ---- the exchange

    def _challenge(self, session, octets):
        session.say(b"+ " + base64.b64encode(octets))
        answer = session.file.readline().strip()
        return answer if answer == b"*" else base64.b64decode(answer, validate=True)

    def _refuse(self, session, tag, error):
        self.regrets.append(self._challenge(session, b"e=" + error))
        session.say(tag + b" NO [AUTHENTICATIONFAILED] refused")

    def on_authenticate(self, session, tag, text):
        words = text.split(b" ")
        initial = base64.b64decode(words[2], validate=True)
        header, bare = initial.split(b",,", 1)
        self.logins.append((words[1], header))
        if self.opening(session, tag):
            return
        # RFC 5802 section 6: "y" is said by who could bind, and was not offered it.
        if header == b"y" and self.binds:
            self._refuse(session, tag, b"server-does-support-channel-binding")
            return
        bound = header + b",,"
        if header.startswith(b"p="):
            data = self.binding(session, header[2:])
            if data is None:
                self._refuse(session, tag, b"unsupported-channel-binding-type")
                return
            bound += data
        nonce = self.continued(_fields(bare)[b"r"])
        salt = b"salt of this user"
        first = self.first(nonce, salt)
        final = self._challenge(session, first)
        if final == b"*":
            session.say(tag + b" BAD given up")
            return
        unproven, proof = final.rsplit(b",p=", 1)
        given = _fields(unproven)
        dialogue = b",".join((bare, first, unproven))

        def mac(key, octets):
            return hmac.new(key, octets, self.hash).digest()
        salted = hashlib.pbkdf2_hmac(self.hash, self.password, salt, int(self.iterations))
        client_key = mac(salted, b"Client Key")
        expected = mac(hashlib.new(self.hash, client_key).digest(), dialogue)
        shown = bytes(a ^ b for a, b in zip(client_key, expected))
        if base64.b64decode(given[b"c"]) != bound:
            self._refuse(session, tag, b"channel-bindings-dont-match")
        elif given[b"r"] != nonce or base64.b64decode(proof) != shown:
            self._refuse(session, tag, b"invalid-proof")
        else:
            self.let_in(session, tag, mac(mac(salted, b"Server Key"), dialogue))

    def let_in(self, session, tag, signature):
        answer = self._challenge(session, b"v=" + base64.b64encode(self.signature(signature)))
        if answer == b"*":
            self.regrets.append(answer)
            session.say(tag + b" BAD given up")
        else:
            session.say(tag + b" OK [CAPABILITY %s] in" % self.capabilities)
