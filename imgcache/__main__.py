"""The door for `imgcache` and `python -m imgcache`."""

from __future__ import annotations


def main() -> None:
    """Run the command line. The import waits until it is needed, so that workers stay light."""
    from imgcache.surface.cli import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    main()
