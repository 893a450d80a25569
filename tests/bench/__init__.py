# SPDX-License-Identifier: Apache-2.0
"""The benchmark: Sterna beside its peers and beside the bare cost of moving the same bytes."""
