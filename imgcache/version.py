"""The version and the home on the web, where the build and the reports find them."""

VERSION = "0.1.0"
# The web's view of the repository's root, with a slash at its end, as in `[project.urls]`; empty
# while there is none: then reports have no links to the docs.
DOCS = ""
