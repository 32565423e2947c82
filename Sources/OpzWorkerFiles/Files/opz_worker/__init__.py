"""Serves a Python model to opz-server, which starts this package as `python -m opz_worker` and talks to it over two pipes.

Nothing of it has to be imported by the code that it serves. It needs Python 3.9 or later and, at its top, only the standard library.
"""

PROTOCOL = 1
