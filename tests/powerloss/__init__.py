# SPDX-License-Identifier: Apache-2.0
"""Power loss: scripts/power-loss (docs/testing.md)."""
