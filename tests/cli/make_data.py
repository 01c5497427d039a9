#!/usr/bin/env python3
"""make_data.py - small data sets for the tests of the command, sound and broken

    make_data.py DIR

writes folders below DIR; the same bytes each time, with nothing but Python.
"""
import gzip
import os
import random
import struct
import sys

SIDE, CLASSES, TRAIN, TEST = 8, 4, 240, 80
NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte",
         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def samples(count, seed):
    """A bright blot in the quarter of the class, a few specks anywhere."""
    draw = random.Random(seed)
    images, labels = bytearray(), bytearray()
    for i in range(count):
        label = i % CLASSES
        image = bytearray(SIDE * SIDE)
        top, left = label // 2 * 4, label % 2 * 4
        for y in range(4):
            for x in range(4):
                if draw.random() < 0.6:
                    image[(top + y) * SIDE + left + x] = draw.randrange(100, 256)
        for _ in range(6):
            image[draw.randrange(SIDE * SIDE)] = draw.randrange(40, 200)
        images += image
        labels.append(label)
    return bytes(images), bytes(labels)


def idx(data, *dims):
    return struct.pack(">HBB", 0, 8, len(dims)) + struct.pack(f">{len(dims)}I", *dims) + data


def npy(data, kind, shape):
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def write(*path_and_bytes):
    *path, content = path_and_bytes
    path = os.path.join(*path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def zipped(content):
    return gzip.compress(content, 6, mtime=0)


def main(root):
    train, train_labels = samples(TRAIN, 1)
    test, test_labels = samples(TEST, 2)
    sound = dict(zip(NAMES, (idx(train, TRAIN, SIDE, SIDE), idx(train_labels, TRAIN),
                             idx(test, TEST, SIDE, SIDE), idx(test_labels, TEST))))

    def variant(name, changed, wrap=False):
        """The sound files with some replaced (None: left out)."""
        for file, content in {**sound, **changed}.items():
            if content is None:
                continue
            if isinstance(content, tuple):
                write(root, name, file + content[0], content[1])
            else:
                write(root, name, file + (".gz" if wrap else ""), zipped(content) if wrap else content)

    images, labels = NAMES[0], NAMES[1]
    whole = sound[images]
    variant("tiny", {})
    variant("tiny-gz", {}, wrap=True)
    variant("other", {labels: idx(bytes(reversed(train_labels)), TRAIN)})

    # Enough samples for an epoch that can be interrupted.
    variant("many", {images: idx(train * 100, TRAIN * 100, SIDE, SIDE),
                     labels: idx(train_labels * 100, TRAIN * 100)})

    write(root, "tiny-npy", "train-images.npy", npy(train, "|u1", (TRAIN, SIDE, SIDE)))
    write(root, "tiny-npy", "train-labels.npy", npy(train_labels, "|u1", (TRAIN,)))
    write(root, "tiny-npy", "test-images.npy", npy(test, "|u1", (TEST, SIDE, SIDE)))
    write(root, "tiny-npy", "test-labels.npy", npy(test_labels, "|u1", (TEST,)))

    # Labels of the first 22 samples alone; then none of class 3 among them.
    for name, missing in (("few-npy", None), ("three-npy", 3)):
        shown = [label if i < 22 and label != missing else -1 for i, label in enumerate(train_labels)]
        write(root, name, "train-images.npy", npy(train, "|u1", (TRAIN, SIDE, SIDE)))
        write(root, name, "train-labels.npy", npy(struct.pack(f"<{TRAIN}h", *shown), "<i2", (TRAIN,)))
        write(root, name, "test-images.npy", npy(test, "|u1", (TEST, SIDE, SIDE)))
        write(root, name, "test-labels.npy", npy(test_labels, "|u1", (TEST,)))

    # Bytes that are missing, left over, changed, or not what they say.
    variant("cut-plain", {images: whole[:-100]})
    variant("cut-gz", {images: (".gz", zipped(whole)[:-200])})
    variant("trailer-gz", {images: (".gz", zipped(whole)[:-8] + b"\0" * 8)})
    variant("long", {images: whole + b"\1"})
    variant("header-only", {images: whole[:7]})
    variant("empty", {images: b""})
    variant("magic", {images: b"\0\0\x0d\3" + whole[4:]})
    variant("rank", {images: b"\0\0\x08\x09" + whole[4:]})
    variant("mislabelled", {images: sound[labels], labels: whole})
    variant("huge", {images: idx(b"", 0xffffffff, 0xffffffff, 0xffffffff)})
    variant("five-gigabytes", {images: idx(b"", 5 << 20, 32, 32)})
    variant("zero", {images: idx(b"", 0, SIDE, SIDE), labels: idx(b"", 0)})
    variant("counts", {labels: idx(train_labels[:-1], TRAIN - 1)})
    variant("no-labels", {labels: None})
    variant("sides", {NAMES[2]: idx(test[:TEST * 49], TEST, 7, 7)})
    variant("classes", {NAMES[3]: idx(bytes([9]) * TEST, TEST)})

    # 300 MB of zeros behind a header that announces 240 images.
    variant("bomb", {images: (".gz", zipped(whole + bytes(300 << 20)))})

    write(root, "npy-pickle", "train-images.npy", npy(b"\x80\x04N.", "|O", (1,)))
    for name in ("train-labels.npy", "test-images.npy", "test-labels.npy"):
        write(root, "npy-pickle", name, npy(b"", "|u1", (0,)))
    # Truncated, and not IDX: the reader does not know how much should come.
    for part, count in (("train", TRAIN), ("test", TEST)):
        write(root, "npy-cut-gz", f"{part}-images.npy.gz",
              zipped(npy(train[:count * SIDE * SIDE], "|u1", (count, SIDE, SIDE)))[:-300])
        write(root, "npy-cut-gz", f"{part}-labels.npy.gz", zipped(npy(train_labels[:count], "|u1", (count,))))
    write(root, "nothing", "readme.txt", b"no data\n")


if __name__ == "__main__":
    main(sys.argv[1])
