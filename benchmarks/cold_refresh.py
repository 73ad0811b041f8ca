"""A cold refresh of news-size JPEGs against the bare work: two processes that decode and shrink.

    python -m benchmarks.cold_refresh [IMAGES] [webp]

The baseline has the same bytes in memory and writes one 320 px thumbnail an image with Pillow's
own recipe; imgcache also fetches (from nginx on loopback, which must be installed), checks,
stores durably and indexes. Printed: images per second of both, and their ratio (budget 0.80).
"""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

SIZE = (1200, 800)
WEB = ("JPEG", "PNG", "GIF", "WEBP")
PORT = 18461
ROUNDS = 3


def picture(seed: int) -> bytes:
    """A JPEG of about 150 KB, as news photos are."""
    rng = random.Random(seed)
    coarse = Image.frombytes("RGB", (90, 60), rng.randbytes(90 * 60 * 3))
    fine = Image.effect_noise(SIZE, 22).convert("RGB")
    image = Image.blend(coarse.resize(SIZE, Image.Resampling.BICUBIC), fine, 0.28)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=78)
    return out.getvalue()


def shrink(batch: tuple[list[bytes], str]) -> int:
    """The baseline's whole work."""
    bodies, kind = batch
    for body in bodies:
        image = Image.open(io.BytesIO(body), formats=WEB)
        image.thumbnail((320, 320), reducing_gap=2.0)
        options = {"method": 2} if kind == "webp" else {}
        image.save(io.BytesIO(), kind, quality=80, **options)
    return len(bodies)


def baseline(bodies: list[bytes], kind: str) -> float:
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(shrink, [([], kind)] * 4))
        chunks = [(bodies[start : start + 50], kind) for start in range(0, len(bodies), 50)]
        began = time.perf_counter()
        list(pool.map(shrink, chunks))
        return len(bodies) / (time.perf_counter() - began)


@contextmanager
def nginx(folder: Path) -> Iterator[None]:
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 512; }\n"
        f"http {{ access_log off; sendfile on; server {{ listen 127.0.0.1:{PORT}; "
        f"root {folder}/www; }} }}\n"
    )
    server = subprocess.Popen(["nginx", "-c", str(config)])
    try:
        time.sleep(0.5)
        yield
    finally:
        server.terminate()
        server.wait()


def refresh(folder: Path, count: int, kind: str) -> float:
    shutil.rmtree(folder / "cache", ignore_errors=True)
    (folder / "imgcache.toml").write_text(f'[thumbnails.small]\nformat = "{kind}"\n')
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "imgcache", "refresh", "--allow-private", f"127.0.0.1:{PORT}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return count / (time.perf_counter() - began)


def articles(folder: Path, count: int, port: int = PORT) -> None:
    (folder / "articles").mkdir()
    for number in range(0, count, 5):
        entries = "".join(
            f"  - {{url: 'http://127.0.0.1:{port}/{one}.jpg', width: 1200, height: 800}}\n"
            for one in range(number, number + 5)
        )
        (folder / "articles" / f"{number:05}.md").write_text(f"---\nimages:\n{entries}---\n")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    kind = "webp" if "webp" in sys.argv else "jpeg"
    distinct = [picture(seed) for seed in range(40)]
    # A comment segment makes each file's bytes its own without another encode.
    bodies = [
        body[:2] + b"\xff\xfe\x00\x0a" + f"{n:08}".encode() + body[2:]
        for n, body in ((n, distinct[n % 40]) for n in range(count))
    ]
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "www").mkdir()
        for number, body in enumerate(bodies):
            (folder / "www" / f"{number}.jpg").write_bytes(body)
        articles(folder, count)
        average = sum(map(len, bodies)) // count
        print(f"{count} JPEGs of {average // 1000} KB, {kind} thumbnails")
        with nginx(folder):
            for _ in range(ROUNDS):
                theirs, ours = baseline(bodies, kind), refresh(folder, count, kind)
                print(f"baseline {theirs:.0f}/s, imgcache {ours:.0f}/s: {ours / theirs:.2f}")


if __name__ == "__main__":
    main()
