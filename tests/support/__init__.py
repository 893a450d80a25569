# SPDX-License-Identifier: Apache-2.0
"""What the tests that speak to a real server share. Python 3.11, standard library only."""
