#!/usr/bin/env python3
"""make_sets.py - small sets in the formats of CIFAR, SVHN, image folders and events, sound and broken

    make_sets.py DIR

writes folders below DIR; the same bytes each time, with nothing but Python.
"""
import base64
import io
import os
import struct
import sys
import tarfile
import zlib

# 8 x 8 pixels each, by libjpeg: grey, colour, and four components (CMYK).
JPEG_GREY = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB"
    "YUGBIUFRT/wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AYD//2Q==")
JPEG_COLOUR = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGB"
    "YUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAI"
    "AAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAACP/EAB"
    "QRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/AJ4A6Eq//9k=")
JPEG_CMYK = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4LCxAWEBETFBUVFQwPFxgWFB"
    "gSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAkHCP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZ"
    "AEsAAD8A2Amg+h9P/9k=")


def write(*path_and_bytes):
    *path, content = path_and_bytes
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


# ---- CIFAR -------------------------------------------------------------------------

def cifar(labels, seed):
    """Records with the given labels (bytes each): a stripe whose place says the last of them."""
    out = bytearray()
    for i, label in enumerate(labels):
        planes = bytearray((seed + 7 * i + k) % 40 for k in range(3072))
        for c in range(3):
            for y in range(32):
                planes[1024 * c + 32 * y + label[-1] % 32] = 200
        out += label + planes
    return bytes(out)


def cifar10():
    files = {f"data_batch_{b}.bin": cifar([bytes([(b + i) % 10]) for i in range(20)], b) for b in range(1, 6)}
    return {**files, "test_batch.bin": cifar([bytes([i % 10]) for i in range(20)], 9)}


def cifar100():
    return {"train.bin": cifar([bytes([i % 20, i % 100]) for i in range(100)], 1),
            "test.bin": cifar([bytes([i % 20, i % 100]) for i in range(40)], 2)}


def tarball(folder, files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name in reversed(files):
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(files[name])
            tar.addfile(info, io.BytesIO(files[name]))
    return data.getvalue()


def write_cifar(root):
    ten, hundred = cifar10(), cifar100()

    def variant(name, files):
        for file, content in files.items():
            write(root, name, file, content)

    variant("cifar10", ten)
    variant("cifar100", hundred)
    write(root, "cifar10-tar", "cifar-10-binary.tar.gz", tarball("cifar-10-batches-bin", ten))
    write(root, "above", "cifar-10-batches-bin", "nothing.txt", b"")
    variant("cifar-above/cifar-10-batches-bin", ten)
    variant("cifar-cut", {**ten, "data_batch_3.bin": ten["data_batch_3.bin"][:-100]})
    variant("cifar-empty", {**ten, "test_batch.bin": b""})
    variant("cifar-label", {**ten, "data_batch_2.bin": ten["data_batch_2.bin"][:3073] + b"\x0a" + bytes(3072)})
    variant("cifar-missing", {k: v for k, v in ten.items() if k != "data_batch_4.bin"})
    variant("cifar-as-100", {"train.bin": ten["data_batch_1.bin"], "test.bin": ten["test_batch.bin"]})
    variant("cifar100-fine", {**hundred, "train.bin": b"\x13\x64" + bytes(3072)})
    # An IDX header by chance: label 0, then red values 0, 8, 3.
    variant("cifar-chance", {**ten, "data_batch_1.bin": b"\0\0\x08\x03" + bytes(3069)})
    whole = tarball("cifar-10-batches-bin", ten)
    write(root, "cifar-tar-cut", "cifar-10-binary.tar.gz", whole[:len(whole) // 2])
    write(root, "cifar-tar-other", "cifar-10-binary.tar.gz", tarball("other", {"readme.txt": b"no data\n"}))
    write(root, "cifar-tar-text", "cifar-10-binary.tar.gz", b"no archive at all\n" * 100)


# ---- SVHN --------------------------------------------------------------------------

U8, I32, U32, DOUBLE = 2, 5, 6, 9


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(name, dims, kind, data, flags=None):
    """A matrix of bytes (class 9) or doubles (class 6)."""
    flags = flags or (9 if kind == U8 else 6)
    inner = element(U32, struct.pack("<II", flags, 0)) + element(I32, struct.pack(f"<{len(dims)}i", *dims))
    inner += element(1, name.encode()) + element(kind, data)
    return struct.pack("<II", 14, len(inner)) + inner


def zipped(matrix):
    packed = zlib.compress(matrix)
    return struct.pack("<II", 15, len(packed)) + packed


def mat(*arrays, version=0x0100):
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", version) + b"IM" + b"".join(arrays)


def svhn(count, side=32, channels=3, wrap=zipped, labels=None, rank=4):
    """Sample n has y + 2 x + 50 c + n everywhere, rows fastest."""
    x = bytes((y + 2 * w + 50 * c + n) % 256 for n in range(count) for c in range(channels)
              for w in range(side) for y in range(side))
    labels = labels or [1 + n % 10 for n in range(count)]
    dims = (side, side, channels, count) if rank == 4 else (side, side, channels * count)
    return mat(wrap(array("X", dims, U8, x)),
               wrap(array("y", (len(labels), 1), DOUBLE, struct.pack(f"<{len(labels)}d", *labels))))


def write_svhn(root):
    train, test = svhn(20), svhn(10)

    def variant(name, first, second=test):
        write(root, name, "train_32x32.mat", first)
        write(root, name, "test_32x32.mat", second)

    variant("svhn", train)
    variant("svhn-plain", svhn(20, wrap=bytes))
    variant("svhn-cut", train[:-20])
    variant("svhn-flip", train[:400] + bytes([train[400] ^ 1]) + train[401:])
    variant("svhn-hdf5", mat(version=0x0200))
    variant("svhn-header", train[:100])
    variant("svhn-label", svhn(20, labels=[1] * 19 + [11]))
    variant("svhn-zero", svhn(20, labels=[1] * 19 + [0]))
    variant("svhn-labels", svhn(20, labels=[1] * 19))
    variant("svhn-rank", svhn(20, rank=3))
    variant("svhn-no-y", mat(zipped(array("X", (8, 8, 3, 1), U8, bytes(192)))))
    variant("svhn-cell", mat(array("X", (1, 1), U8, b"\0", flags=1)))
    variant("svhn-sizes", mat(array("X", (32, 32, 3, 500000), U8, bytes(3072))))
    variant("svhn-sides", train, svhn(4, side=16))
    write(root, "svhn-no-test", "train_32x32.mat", train)


# ---- images --------------------------------------------------------------------------

def png(rows, depth=8, kind=0, palette=None, size=None, clear=None):
    """rows: a list of bytes; kind 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    values = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    width = size or len(rows[0]) * 8 // (depth * values)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0))
    if palette:
        out += chunk(b"PLTE", palette)
    if clear is not None:
        out += chunk(b"tRNS", clear)
    return out + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def grey(value, side=8):
    return png([bytes([value + y] * side) for y in range(side)])


def write_images(root):
    for part, count in (("train", 3), ("test", 2)):
        for c, name in enumerate(("cat", "dog", "zebra")):
            for i in range(count):
                write(root, "images", part, name, f"{i}.png", grey(20 * c + i))
                write(root, "images-colour", part, name, f"{i}.png", grey(20 * c + i))
    write(root, "images", "train", "cat", "notes.txt", b"not looked at\n")
    write(root, "images", "train", ".hidden", "x.png", b"nor this")
    # One image in colour makes the whole set so; palettes, one bit and sixteen are read as well.
    write(root, "images-colour", "test", "dog", "1.PNG", png([bytes([9, 8, 7] * 8)] * 8, kind=2))
    write(root, "images-colour", "train", "dog", "3.png", png([bytes([1] * 8)] * 8, kind=3, palette=bytes([1, 2, 3, 4, 5, 6])))
    write(root, "images-colour", "train", "dog", "4.png", png([b"\xaa"] * 8, depth=1))
    write(root, "images-colour", "train", "dog", "5.png", png([bytes([77, 1] * 8)] * 8, depth=16))
    write(root, "images-colour", "train", "zebra", "6.jpg", JPEG_COLOUR)
    write(root, "images-colour", "train", "zebra", "7.jpeg", JPEG_GREY)

    def broken(name, content, part="train", file="2.png", where="dog"):
        for p in ("train", "test"):
            for c in ("cat", "dog"):
                write(root, name, p, c, "1.png", grey(5))
        if content is not None:
            write(root, name, part, where, file, content)

    broken("image-size", grey(1, side=9))
    broken("image-cut", grey(1)[:-30])
    broken("image-crc", grey(1)[:45] + b"\xff" + grey(1)[46:])
    broken("image-text", b"no image\n")
    broken("image-empty", b"")
    broken("image-alpha", png([bytes(16)] * 8, kind=4))
    broken("image-clear", png([bytes([1] * 8)] * 8, kind=3, palette=bytes([1, 2, 3, 4, 5, 6]), clear=b"\0"))
    broken("image-large", png([bytes(8)] * 8, size=100000))
    broken("image-jpeg-cut", JPEG_COLOUR[:-10], file="2.jpg")
    broken("image-cmyk", JPEG_CMYK, file="2.jpg")
    broken("image-class", grey(1), part="test", where="cow")
    broken("image-no-file", b"text\n", where="cow", file="notes.txt")
    write(root, "image-no-test", "train", "cat", "1.png", grey(1))

    names = ("n01", "n02")
    for name in ("tiny-imagenet", "tiny-line", "tiny-wnids"):
        for c in range(2):
            for i in range(3):
                write(root, name, "train", names[c], "images", f"{names[c]}_{i}.JPEG", JPEG_COLOUR if i else JPEG_GREY)
        for i in range(4):
            write(root, name, "val", "images", f"val_{i}.JPEG", JPEG_COLOUR)
        write(root, name, "test", "images", "test_0.JPEG", JPEG_COLOUR)
        lines = "".join(f"val_{i}.JPEG\t{names[i // 3]}\t0\t0\t7\t7\n" for i in range(4))
        write(root, name, "val", "val_annotations.txt", lines.encode())
        write(root, name, "wnids.txt", b"n02\nn01\n")
    write(root, "tiny-line", "val", "val_annotations.txt", b"val_0.JPEG\tn01\t0\nval_1.JPEG\tn07\t0\n")
    write(root, "tiny-wnids", "wnids.txt", b"n02\nn01\nn03\n")


# ---- events --------------------------------------------------------------------------

def events(*list_of):
    """(x, y, polarity, microseconds)"""
    return b"".join(struct.pack(">BBI", x, y, p << 23 | t)[:2] + struct.pack(">I", p << 23 | t)[1:] for x, y, p, t in list_of)


def write_events(root):
    def some(label, i):
        return events(*((10 + label + k % 3, 12 + k % 5, k & 1, 1000 * i + 900 * k) for k in range(100)))

    for part, count in (("Train", 4), ("Test", 2)):
        for label in range(3):
            for i in range(count):
                for name in ("events", "event-cut", "event-outside", "event-empty"):
                    write(root, name, part, str(label), f"{i:05}.bin", some(label, i))
    write(root, "event-cut", "Train", "1", "00002.bin", some(1, 2)[:-3])
    write(root, "event-outside", "Test", "2", "00001.bin", some(2, 1) + events((34, 0, 0, 90000)))
    write(root, "event-empty", "Train", "0", "00000.bin", b"")


def main(root):
    write_cifar(root)
    write_svhn(root)
    write_images(root)
    write_events(root)


if __name__ == "__main__":
    main(sys.argv[1])
