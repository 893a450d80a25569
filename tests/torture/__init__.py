# SPDX-License-Identifier: Apache-2.0
"""Kill rounds: two people change both sides while a synchronizer is killed; a ledger judges."""
