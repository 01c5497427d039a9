#!/usr/bin/env python3
"""Prints what an event file for TensorBoard holds: a line `tag step value` for each figure, in order.

    read.py FILE            reads it by the description of the format, and checks each CRC
    read.py --real FOLDER   lets TensorBoard read it; ends with 77 where there is none
"""
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        head = data[at:at + 8]
        size, = struct.unpack("<Q", head)
        body = data[at + 12:at + 12 + size]
        crc_head, crc_body = struct.unpack("<I", data[at + 8:at + 12])[0], struct.unpack("<I", data[at + 12 + size:at + 16 + size])[0]
        assert crc_head == masked(head) and crc_body == masked(body), f"a wrong CRC at byte {at}"
        yield body
        at += 16 + size


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """{number: value} of a message; of a field that comes more than once the last."""
    at, found = 0, {}
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
        else:
            size = 8 if key & 7 == 1 else 4
            value, at = struct.unpack("<d" if size == 8 else "<f", data[at:at + size])[0], at + size
        found[key >> 3] = value
    return found


def read(path):
    with open(path, "rb") as file:
        events = [fields(body) for body in records(file.read())]
    assert events[0][3] == b"brain.Event:2", "no version"
    assert all(event[1] > 1.7e9 for event in events), "a time of long ago"
    for event in events[1:]:
        figure = fields(fields(event[5])[1])
        yield figure[1].decode(), event.get(2, 0), figure[2]


def read_really(folder):
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        print("TensorBoard is not installed")
        sys.exit(77)
    events = EventAccumulator(folder)
    events.Reload()
    for tag in events.Tags()["scalars"]:
        for event in events.Scalars(tag):
            yield tag, event.step, event.value


def main():
    assert crc32c(b"123456789") == 0xE3069283
    found = read_really(sys.argv[2]) if sys.argv[1] == "--real" else read(sys.argv[1])
    for tag, step, value in found:
        print(tag, step, f"{value:.6g}")


if __name__ == "__main__":
    main()
