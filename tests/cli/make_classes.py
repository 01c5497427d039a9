"""Folders of images with a bright bar at a height of its own for each class, and a configuration."""
import os
import struct
import zlib

SIDE = 16


def png(path, rows):
    """A grey PNG file."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = b"".join(b"\0" + bytes(row) for row in rows)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def bar(at, seed):
    """Noise that follows from the seed, and a bar over a quarter."""
    return [[230 if y // 4 == at else (seed * 97 + y * 31 + x * 57 + x * y * seed) % 40 for x in range(SIDE)] for y in range(SIDE)]


def folder(name, classes, train=12, test=6):
    """classes: name -> height of its bar."""
    for part, count, first in (("train", train, 0), ("test", test, 1000)):
        for label, at in classes.items():
            os.makedirs(f"{name}/{part}/{label}")
            for k in range(1 if label == "ant" else count):
                png(f"{name}/{part}/{label}/{k}.png", bar(at, first + 100 * at + k))


def idx(path, shape, data):
    with open(path, "wb") as file:
        file.write(bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + data)


def main():
    three = {"bee": 0, "cat": 1, "dog": 2}
    folder("bars", three)
    folder("more", {"ant": 3, **three})
    folder("fewer", {"cat": 1, "dog": 2})
    folder("others", {"eel": 0, "fox": 1})
    os.makedirs("numbers")
    for part, count in (("train", 12), ("t10k", 6)):
        images = [bar(at, 100 * at + k) for k in range(count) for at in range(3)]
        idx(f"numbers/{part}-images-idx3-ubyte", (3 * count, SIDE, SIDE), b"".join(bytes(row) for image in images for row in image))
        idx(f"numbers/{part}-labels-idx1-ubyte", (3 * count,), bytes([0, 1, 2] * count))
    with open("net.yaml", "w") as file:
        file.write("data: bars\nlayers:\n  - dense: 16\n  - activation: relu\n  - dense: 4\ntrain:\n  target: labels\n  epochs: 20\n"
                   "  batch: 8\n  loss: cross_entropy\n  optimiser: sgd\n  rate: [0.1]\n")


main()
