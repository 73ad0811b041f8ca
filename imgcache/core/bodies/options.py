"""The extensions of CommonMark that are read: tables and footnotes, as most site generators do."""

from __future__ import annotations

import pyromark

OPTIONS = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_FOOTNOTES
