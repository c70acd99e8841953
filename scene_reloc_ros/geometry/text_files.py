# Copyright 2026 scene_reloc_ros maintainers
# SPDX-License-Identifier: Apache-2.0
"""Text files as people's editors leave them: with or without a byte-order mark."""

from __future__ import annotations

import codecs
from pathlib import Path

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file, or of a UTF-16 one with its mark; lines end in newlines.

    Raises OSError where the file cannot be read, ValueError in one sentence where it is no text.
    """
    content = Path(path).read_bytes()
    coding = 'utf-16' if content.startswith(_UTF16_MARKS) else 'utf-8-sig'
    try:
        text = content.decode(coding)
    except UnicodeDecodeError as error:
        raise ValueError(f'file {path} is no text ({error}); save it as UTF-8') from error
    return text.replace('\r\n', '\n').replace('\r', '\n')
