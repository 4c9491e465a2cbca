"""The asyncio face. The blocking face is derived from it: tools/derive_blocking.py."""
