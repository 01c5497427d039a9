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


def npy(data, kind, shape, fortran=False):
    text = f"{{'descr': '{kind}', 'fortran_order': {fortran}, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + data


def packed(values, kind, order="<"):
    return struct.pack(f"{order}{len(values)}{kind}", *values)


def turned(data, count):
    """The bytes of samples in Fortran order: the first of each sample, the second of each, ..."""
    size = len(data) // count
    return bytes(data[i * size + (k % SIDE) * SIDE + k // SIDE] for k in range(size) for i in range(count))


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

    # The same as other types, with the bytes that the network sees: what bytes are multiplied with
    # is a float, and so is the product.
    scale = struct.unpack("<f", struct.pack("<f", 1 / 255))[0]

    def other_npy(name, samples, types, labels=lambda y: (y, "|u1", (len(y),)), shape=(SIDE, SIDE), **how):
        """samples(bytes, count) gives the file's bytes; the test samples are of the second type."""
        for part, x, y, kind in (("train", train, train_labels, types[0]), ("test", test, test_labels, types[-1])):
            write(root, name, f"{part}-images.npy", npy(samples(x, len(y)), kind, (len(y), *shape), **how))
            write(root, name, f"{part}-labels.npy", npy(*labels(y)))

    def floats(kind, order="<", times=scale, first=None):
        return lambda x, n: packed([first] * (first is not None) + [b * times for b in x[first is not None:]], kind, order)

    other_npy("npy-float", floats("f"), ["<f4"])
    other_npy("npy-double", floats("d"), ["<f8"])
    other_npy("npy-half", floats("e"), ["<f2"])
    other_npy("npy-big", floats("f", ">"), [">f4"], lambda y: (packed(y, "h", ">"), ">i2", (len(y),)))
    other_npy("npy-fortran", turned, ["|u1"], fortran=True)
    other_npy("npy-int", lambda x, n: packed(x, "q"), ["<i8"], lambda y: (packed(y, "q"), "<i8", (len(y), 1)))
    other_npy("npy-bool", lambda x, n: bytes(b > 99 for b in x), ["|b1"])
    other_npy("npy-255", floats("f", times=1), ["<f4"])
    other_npy("npy-twice", floats("d", times=scale / 255), ["<f8"])
    other_npy("npy-first", lambda x, n: b"".join(3 * x[64 * i:64 * i + 64] for i in range(n)), ["|u1"], shape=(3, SIDE, SIDE))
    other_npy("npy-low", lambda x, n: bytes(b >> 4 for b in x), ["|u1"])
    other_npy("npy-same", lambda x, n: bytes(len(x)), ["|u1"])
    other_npy("npy-classes", lambda x, n: x, ["|u1"], lambda y: (bytes(c + (len(y) == TEST) for c in y), "|u1", (len(y),)))
    other_npy("npy-nan", floats("f", first=float("nan")), ["<f4"])
    other_npy("npy-beyond", floats("d", first=-1e300), ["<f8"])
    other_npy("npy-minus", lambda x, n: packed([b - 100 for b in x], "h"), ["<i2"])
    other_npy("npy-complex", lambda x, n: x, ["<c8"])
    other_npy("npy-text", lambda x, n: x, ["<U10"])
    other_npy("npy-one-hot", floats("f"), ["<f4"],
              lambda y: (bytes(c == k for c in y for k in range(CLASSES)), "|u1", (len(y), CLASSES)))
    other_npy("npy-float-labels", floats("f"), ["<f4"], lambda y: (packed(y, "f"), "<f4", (len(y),)))
    other_npy("npy-label", floats("f"), ["<f4"], lambda y: (packed([c - 2 for c in y], "b"), "|i1", (len(y),)))
    other_npy("npy-mixed", lambda x, n: x if n == TEST else floats("f")(x, n), ["<f4", "|u1"])
    # As NumPy of Python 2 wrote it where an int has 32 bits.
    for part, x, y in (("train", train, train_labels), ("test", test, test_labels)):
        write(root, "npy-python2", f"{part}-images.npy", npy(x, "|u1", f"({len(y)}L, {SIDE}L, {SIDE}L)"))
        write(root, "npy-python2", f"{part}-labels.npy", npy(y, "|u1", f"({len(y)}L,)"))

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
