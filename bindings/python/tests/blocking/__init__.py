"""The blocking face at work, in the tests of the asyncio face."""
