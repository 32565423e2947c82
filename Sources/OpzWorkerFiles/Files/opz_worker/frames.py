"""Frames of the worker protocol: uint32 length of the header, uint64 length of the body, the header as JSON, the body.

Both lengths are little-endian.
"""

import json
import os
import struct

LENGTHS = struct.Struct("<IQ")
LONGEST_HEADER = 1 << 31


class Channel:
    """The two pipes to the server: 3 is read, 4 is written. Programs that the model starts do not inherit them."""

    def __init__(self, incoming=3, outgoing=4):
        self.incoming = incoming
        self.outgoing = outgoing
        for descriptor in (incoming, outgoing):
            os.set_inheritable(descriptor, False)
        # A process that the model forks (multiprocessing) must not keep the pipes open.
        os.register_at_fork(after_in_child=self.close)

    def close(self):
        """Closes both pipes of this process."""
        for descriptor in (self.incoming, self.outgoing):
            try:
                os.close(descriptor)
            except OSError:
                pass

    def receive(self):
        """The next header and body, or None when the server has closed its end."""
        lengths = self._read(LENGTHS.size)
        if lengths is None:
            return None
        header_length, body_length = LENGTHS.unpack(lengths)
        header = self._read(header_length)
        body = self._read(body_length)
        if header is None or body is None:
            return None
        return json.loads(bytes(header)), memoryview(body)

    def _read(self, count):
        buffer = bytearray(count)
        view = memoryview(buffer)
        done = 0
        while done < count:
            read = os.readv(self.incoming, [view[done:]])
            if read == 0:
                return None
            done += read
        return buffer

    def send(self, header, pieces=()):
        """Writes one frame; `pieces` are the parts of its body."""
        text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
        views = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        head = LENGTHS.pack(len(text), sum(view.nbytes for view in views)) + text
        if sum(view.nbytes for view in views) < 1 << 16:
            self._write(memoryview(head + b"".join(views)))
            return
        self._write(memoryview(head))
        for view in views:
            self._write(view)

    def _write(self, view):
        while view.nbytes:
            view = view[os.write(self.outgoing, view) :]
