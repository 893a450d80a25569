# SPDX-License-Identifier: Apache-2.0
"""A few functions of our own that are loaded before the C library."""
import pathlib
import shutil
import subprocess

from tests.support.case import leave_out


def compiled(name, directory):
    """The library that NAME.c, beside this file, becomes; for LD_PRELOAD."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang", "clang-19"))), None)
    if not compiler:
        leave_out("needs a C compiler")
    source = pathlib.Path(__file__).with_name(f"{name}.c")
    library = f"{directory}/{name}.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, str(source), "-ldl"],
                   check=True)
    return library
