"""The version, where the build, the user agent and the reports find it."""

VERSION = "0.1.0"
