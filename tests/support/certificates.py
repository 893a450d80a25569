# SPDX-License-Identifier: Apache-2.0
"""A small certificate authority for one test server, made with the openssl program.

It signs three certificates: a good one for localhost and the loopback addresses, one that has
expired, and one for another host. Elliptic keys: making all of it takes a tenth of a second.
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
"""

# name -> (section of the extensions, first day, last day); None: from now, for ten years
_KINDS = {
    "good": ("good", None, None),
    "expired": ("good", "20200101000000Z", "20210101000000Z"),
    "wronghost": ("other", None, None),
}


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
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl(directory, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem",
             "-days", "3650", "-subj", "/CN=Sterna test authority",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name, (section, first, last) in _KINDS.items():
        _openssl(directory, "req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", f"/CN={name}")
        dates = ["-startdate", first, "-enddate", last] if first else ["-days", "3650"]
        _openssl(directory, "ca", "-batch", "-notext", "-config", "ca.cnf", "-extensions", section,
                 *dates, "-in", f"{name}.csr", "-out", f"{name}.pem")


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
