# SPDX-License-Identifier: Apache-2.0
"""Deliberate faults: each takes a rule of docs/safety.md away, and some test must notice."""
