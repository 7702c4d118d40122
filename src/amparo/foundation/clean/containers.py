"""Knows which pieces of a JPEG, PNG and WebP file are pixels; cuts or refuses everything else.

Used twice: on what our own encoders wrote, as the last look before a copy leaves, and on the
JPEG streams inside a PDF, which are kept as they are but for their extras.
"""

from amparo.foundation.clean.reasons import CannotClean

PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_PIECES = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
WEBP_PIECES = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
# Tables, frame headers, restart interval, scan: what a decoder needs (ITU-T T.81, table B.1).
JPEG_PIECES = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD})
START, END, SCAN, ADOBE = 0xD8, 0xD9, 0xDA, 0xEE


def bare_jpeg(data: bytes) -> bytes:
    """The JPEG up to its end mark, without application data, comments and what follows.

    Adobe's mark of the colour transform is written anew: without it colours would change.
    """
    if data[:2] != b"\xff\xd8":
        raise CannotClean("broken")
    out = bytearray(b"\xff\xd8")
    at = 2
    scans = 0
    while True:
        marker, at = _next_marker(data, at)
        if marker == END:
            break
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            raise CannotClean("broken")
        piece = data[at : at + length]
        at += length
        if marker == ADOBE and piece[2:7] == b"Adobe" and length >= 14 and piece[13] in (0, 1, 2):
            out += b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + piece[13:14]
        elif marker in JPEG_PIECES:
            out += bytes((0xFF, marker)) + piece
        elif not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            raise CannotClean("broken")
        if marker == SCAN:
            scans += 1
            end = _end_of_scan(data, at)
            out += data[at:end]
            at = end
    if not scans:
        raise CannotClean("broken")
    return bytes(out) + b"\xff\xd9"


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data) or data[at] != 0xFF:
        raise CannotClean("broken")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at >= len(data):
        raise CannotClean("broken")
    return data[at], at + 1


def _end_of_scan(data: bytes, at: int) -> int:
    """Where coded pixels end: at the first mark that is neither a stuffed byte nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise CannotClean("broken")
        following = data[at + 1]
        if following == 0x00 or 0xD0 <= following <= 0xD7:
            at += 2
        elif following == 0xFF:
            at += 1
        else:
            return at


def only_png(data: bytes) -> bytes:
    """The PNG as given, if it holds nothing but pixels."""
    at = len(PNG_START)
    if data[:at] != PNG_START:
        raise CannotClean("broken")
    while at < len(data):
        name = data[at + 4 : at + 8]
        if name not in PNG_PIECES:
            raise CannotClean("broken")
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if name == b"IEND":
            break
    if at != len(data):
        raise CannotClean("broken")
    return data


def only_webp(data: bytes) -> bytes:
    """The WebP as given, if it holds nothing but pixels and transparency."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise CannotClean("broken")
    at = 12
    while at < len(data):
        if data[at : at + 4] not in WEBP_PIECES:
            raise CannotClean("broken")
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    if at != len(data):
        raise CannotClean("broken")
    return data
