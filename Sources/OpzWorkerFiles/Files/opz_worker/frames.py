"""Frames of the worker protocol: uint32 length of the header, uint64 length of the body, the header as JSON, the body.

Both lengths are little-endian.
"""

import json
import os
import struct

LENGTHS = struct.Struct("<IQ")


def encoded(header):
    """A header as JSON, before anything of its frame is written: what cannot be encoded must not tear a frame."""
    return json.dumps(header, separators=(",", ":"), allow_nan=False).encode()


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
        """The bytes of the next header, and its body or None where that does not fit into the memory. None when the server has
        closed its end."""
        lengths = self._read(LENGTHS.size)
        if lengths is None:
            return None
        header_length, body_length = LENGTHS.unpack(lengths)
        header = self._read(header_length)
        try:
            body = self._read(body_length)
        except MemoryError:
            return None if header is None or not self._skip(body_length) else (bytes(header), None)
        if header is None or body is None:
            return None
        return bytes(header), memoryview(body)

    def _skip(self, count):
        """Reads what is not kept, so that the next frame is found. Returns whether it was there."""
        buffer = bytearray(1 << 16)
        while count:
            read = os.readv(self.incoming, [memoryview(buffer)[: min(count, len(buffer))]])
            if read == 0:
                return False
            count -= read
        return True

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
        """Writes one frame: an encoded header, and the parts of its body."""
        views = [memoryview(piece).cast("B") for piece in pieces if len(piece)]
        head = LENGTHS.pack(len(header), sum(view.nbytes for view in views)) + header
        if sum(view.nbytes for view in views) < 1 << 16:
            self._write(memoryview(head + b"".join(views)))
            return
        self._write(memoryview(head))
        for view in views:
            self._write(view)

    def _write(self, view):
        while view.nbytes:
            view = view[os.write(self.outgoing, view) :]
