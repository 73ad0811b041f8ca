"""Ceiling: two threads of Pillow over bytes in memory, which fetch, check and keep nothing.

ceiling.py LIST jpeg|webp     LIST: the path of a picture on each line
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

WARM_UP = 20


def thumbnail(kind: str, data: bytes) -> int:
    """The work on one picture."""
    hashlib.sha256(data).hexdigest()
    image: Image.Image = Image.open(io.BytesIO(data))
    image.thumbnail((320, 320), Image.Resampling.LANCZOS, reducing_gap=1.5)
    options: dict[str, Any] = {"method": 2} if kind == "webp" else {}
    if kind == "jpeg" and image.mode not in {"RGB", "L"}:
        image = image.convert("RGB")
    out = io.BytesIO()
    image.save(out, kind, quality=80, **options)
    return out.tell()


def main() -> None:
    bodies = [Path(line).read_bytes() for line in Path(sys.argv[1]).read_text().splitlines()]
    with ThreadPoolExecutor(2) as pool:
        work = partial(thumbnail, sys.argv[2])
        list(pool.map(work, bodies[:WARM_UP]))
        began = time.perf_counter()
        done = sum(size > 0 for size in pool.map(work, bodies))
        seconds = time.perf_counter() - began
    print(json.dumps({"done": done, "seconds": seconds}))


if __name__ == "__main__":
    main()
