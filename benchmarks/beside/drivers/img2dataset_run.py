"""img2dataset over a list of URLs: two processes of 32 threads, one resized copy of each picture.

img2dataset_run.py URLS FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    urls, folder = sys.argv[1:]
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask for a newer release
    from img2dataset import download  # noqa: PLC0415  its processes import this file again

    download(
        url_list=urls,
        input_format="txt",
        output_folder=folder,
        output_format="files",
        processes_count=2,
        thread_count=32,
        image_size=320,
        resize_mode="keep_ratio_largest",
        resize_only_if_bigger=True,
        encode_quality=80,
        number_sample_per_shard=300,
        disallowed_header_directives=[],
        enable_wandb=False,
    )
    print()
    print(json.dumps({"done": sum(1 for _ in Path(folder).rglob("*.jpg"))}))


if __name__ == "__main__":
    main()
