"""The tests: `aio` shows the asyncio face, `blocking` is derived from it, and beside them stands what the faces share."""
