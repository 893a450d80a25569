# SPDX-License-Identifier: Apache-2.0
"""Sterna, the real program, against a real Dovecot."""
