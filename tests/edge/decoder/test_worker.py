"""A worker has imported all that an image may need before its memory is limited."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageCms

DECODED = """
import sys
from pathlib import Path
from imgcache.core.images.examine import examine
from imgcache.core.images.label import Label
from imgcache.core.images.limits import Limits
from imgcache.core.images.thumbnail_plan import Recipe
from imgcache.edge.decoder import pixels, worker
from imgcache.model import Format

pixels.prepare()
before = set(sys.modules)
formats = ("webp", "jpeg", "png", "avif")
recipes = [Recipe(one, 32, 20, "inside", one, 80, 2) for one in formats]
for path in sorted(Path(sys.argv[1]).iterdir()):
    data = path.read_bytes()
    label = Label("image/svg+xml") if path.suffix == ".svg" else Label()
    examined = examine(data, label, Limits(10**6, 100, 100))
    assert examined.structure.flaw is None, (path, examined)
    if examined.format is not Format.SVG:
        pixels.decode(data, examined, recipes)
print(*sorted(set(sys.modules) - before))
"""


def test_no_image_makes_it_import_anything(tmp_path: Path) -> None:
    picture = Image.effect_mandelbrot((80, 60), (-2, -1, 1, 1), 50)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for suffix in ("jpg", "png", "gif", "webp", "avif", "bmp", "ico"):
        for mode in ("RGB", "P"):
            if mode == "RGB" or suffix in ("png", "gif", "bmp"):
                picture.convert(mode).save(tmp_path / f"{mode}.{suffix}")
    picture.convert("RGB").save(tmp_path / "profile.png", icc_profile=profile)
    (tmp_path / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'
    )
    child = [sys.executable, "-c", DECODED, str(tmp_path)]
    ended = subprocess.run(child, capture_output=True, text=True, check=False)
    assert (ended.stderr, ended.stdout) == ("", "\n")


FAILING = """
import io, sys
from pathlib import Path
from imgcache.core.images.limits import Limits
from imgcache.edge.decoder import protocol, thumbnails, worker
from imgcache.edge.decoder.protocol import WorkerLimits

error = OSError(24, "Too many open files") if sys.argv[2] == "system" else OSError("broken")

def make(*_):
    raise error

thumbnails.make, sink = make, io.BytesIO()
limits = WorkerLimits(1 << 30, 10, Limits(10**6, 100, 100))
job = {"path": sys.argv[1], "type": None, "nosniff": False, "thumbnails": []}
worker._serve(job, b"", limits, worker._Answer(sink))
sink.seek(0)
while prefix := sink.read(protocol.PREFIX.size):
    head, payload = protocol.lengths(prefix)
    words = protocol.unpack(sink.read(head))
print(words["verdict"], words["detail"], sep=": ")
"""


@pytest.mark.parametrize(
    ("whose", "told"),
    [
        ("system", "local-error: the decoder failed: Too many open files"),
        ("picture", "corrupt: its pixels can't be decoded"),
    ],
)
def test_a_fault_of_the_machine_is_none_of_the_picture(
    tmp_path: Path, whose: str, told: str
) -> None:
    Image.effect_mandelbrot((80, 60), (-2, -1, 1, 1), 50).save(tmp_path / "a.png")
    child = [sys.executable, "-c", FAILING, str(tmp_path / "a.png"), whose]
    ended = subprocess.run(child, capture_output=True, text=True, check=False)
    assert (ended.stderr, ended.stdout) == ("", f"{told}\n")
