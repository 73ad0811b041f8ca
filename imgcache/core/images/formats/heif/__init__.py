"""The boxes of HEIF that AVIF files are made of, where the walker needs more than their place."""
