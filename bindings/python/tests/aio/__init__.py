"""The asyncio face at work. The blocking face has the same tests, derived: tools/derive_blocking.py."""
