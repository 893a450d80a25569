# SPDX-License-Identifier: Apache-2.0
"""A server on loopback under the name of another host, for the program alone."""
import os
import subprocess


def bear_name(test, sterna, host, account="acc"):
    """The account's server is at this host, which is the loopback address: in a mount namespace of
    its own, what starts from here on reads another /etc/hosts."""
    hosts = f"{sterna.dir}/hosts"
    with open(hosts, "w", encoding="ascii") as out:
        out.write(f"127.0.0.1 localhost {host}\n")
    alone = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    sterna.before = [*alone, "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', hosts]
    try:
        subprocess.run([*sterna.before, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        test.skipTest(f"a host of another name needs the right to mount: {error}")
    sterna.set(account, host=host, allow_plaintext=True)
