"""A worker has imported all that an image may need before its memory is limited."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
