# SPDX-License-Identifier: Apache-2.0
"""What real servers answer, recorded: see docs/testing.md, "Transcripts"."""
