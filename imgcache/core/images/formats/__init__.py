"""Structure walkers, one module per image format: bytes in, a `Structure` out, nothing decoded."""
