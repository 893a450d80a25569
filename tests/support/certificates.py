# SPDX-License-Identifier: Apache-2.0
"""A small certificate authority for one test server, made with the openssl program.

It signs four certificates: a good one for localhost and the loopback addresses, one that has
expired, one that is not valid yet, and one for another host. Elliptic keys: making all of it
takes a tenth of a second.
"""
import os
import subprocess

_CA_CONFIG = """\
[ca]
default_ca = own
[own]
dir = {dir}
database = {dir}/index.txt
new_certs_dir = {dir}
serial = {dir}/serial
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[any]
commonName = supplied
[good]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = {good_names}
[other]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:mail.elsewhere.example
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
"""

# name -> (section of the extensions, first day, last day); None: from now, for ten years
_KINDS = {
    "good": ("good", None, None),
    "expired": ("good", "20200101000000Z", "20210101000000Z"),
    "future": ("good", "20900101000000Z", "20910101000000Z"),
    "wronghost": ("other", None, None),
}


_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


def _openssl(directory, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


def make(directory, addresses):
    """Writes ca.pem, and NAME.pem with NAME.key for each kind, into the directory."""
    os.makedirs(directory, exist_ok=True)
    names = ["DNS:localhost"] + [f"IP:{address}" for address in addresses]
    with open(f"{directory}/ca.cnf", "w", encoding="ascii") as out:
        out.write(_CA_CONFIG.format(dir=directory, good_names=",".join(names)))
    with open(f"{directory}/serial", "w", encoding="ascii") as out:
        out.write("1000\n")
    open(f"{directory}/index.txt", "w", encoding="ascii").close()
    _openssl(directory, "req", "-x509", *_KEY, "-keyout", "ca.key", "-out", "ca.pem",
             "-days", "3650", "-subj", "/CN=Sterna test authority",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, (section, first, last) in _KINDS.items():
        _sign(directory, name, name, section, first, last)


def _sign(directory, name, subject, section, first=None, last=None):
    _openssl(directory, "req", *_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr",
             "-subj", f"/CN={subject}")
    dates = ["-startdate", first, "-enddate", last] if first else ["-days", "3650"]
    _openssl(directory, "ca", "-batch", "-notext", "-config", "ca.cnf", "-extensions", section,
             *dates, "-in", f"{name}.csr", "-out", f"{name}.pem")


def renew(directory, name):
    """Another key and certificate for a kind that make() made, in its place."""
    section, first, last = _KINDS[name]
    _sign(directory, f"{name}-next", name, section, first, last)
    for ending in ("key", "pem"):
        os.replace(f"{directory}/{name}-next.{ending}", f"{directory}/{name}.{ending}")


def pin_of(certificate):
    """SHA-256 of the public key, in base64, as tls.pin_sha256 takes it."""
    done = subprocess.run(
        f"openssl x509 -in '{certificate}' -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | base64", shell=True, check=True, text=True,
        capture_output=True)
    return done.stdout.strip()


def make_client(directory, name):
    """A certificate for whoever logs in as `name`, beside the others of the authority: the paths
    of certificate and key."""
    _sign(directory, f"client-{name}", name, "client")
    return f"{directory}/client-{name}.pem", f"{directory}/client-{name}.key"


def issue(directory, name, alternative_names):
    """One more certificate of the authority that make() made there: NAME.pem with NAME.key."""
    with open(f"{directory}/{name}.ext", "w", encoding="ascii") as out:
        out.write("[more]\nbasicConstraints = CA:FALSE\nextendedKeyUsage = serverAuth\n"
                  f"subjectAltName = {','.join(alternative_names)}\n")
    _openssl(directory, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    _openssl(directory, "ca", "-batch", "-notext", "-config", "ca.cnf", "-days", "3650",
             "-extfile", f"{name}.ext", "-extensions", "more", "-in", f"{name}.csr",
             "-out", f"{name}.pem")
