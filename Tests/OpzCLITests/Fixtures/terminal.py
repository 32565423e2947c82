"""Runs a program on a terminal of its own and types: terminal.py [--type PROMPT=TEXT].. -- PROGRAM ARGUMENT..

Each TEXT is typed when PROMPT has been shown; \\r, \\x03 and the like may be written. What the terminal showed goes to standard output.
"""

import os
import pty
import sys

arguments = sys.argv[1:]
typed = []
while arguments and arguments[0] == "--type":
    prompt, text = arguments[1].split("=", 1)
    typed.append((prompt.encode(), text.encode().decode("unicode_escape").encode("latin-1")))
    arguments = arguments[2:]
assert arguments[0] == "--"

child, terminal = pty.fork()
if child == 0:
    os.execv(arguments[1], arguments[1:])
shown = b""
seen = 0
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if typed and typed[0][0] in shown[seen:]:
        seen = len(shown)
        os.write(terminal, typed.pop(0)[1])
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
