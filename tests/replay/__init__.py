# SPDX-License-Identifier: Apache-2.0
"""Scripts of the simulation, played on a real Dovecot and a real Maildir: scripts/replay-seeds."""
