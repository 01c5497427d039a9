#!/usr/bin/env python3
"""data.py - the files of cases, small and with nothing but Python

    data.py KIND [FOLDER]

writes one kind of files into the current folder, or below FOLDER.  Pictures show a bright bar whose place says the class.
"""
import base64
import os
import random
import struct
import sys
import zlib


def write(path, content):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


# ---- arrays -------------------------------------------------------------------------

def samples(count, classes=4, side=8, seed=0):
    """Bytes of count pictures, and their labels."""
    rng = random.Random(seed)
    labels = [i % classes for i in range(count)]
    pixels = []
    for label in labels:
        picture = [[rng.randrange(60) for _ in range(side)] for _ in range(side)]
        for row in (2 * label, 2 * label + 1):
            picture[row] = [220] * side
        pixels.append(bytes(p for row in picture for p in row))
    return pixels, labels


def npy(path, descr, shape, values):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    write(path, b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + values)


def npy_set(folder, train, test, side=8):
    for part, (pixels, labels) in (("train", train), ("test", test)):
        npy(f"{folder}/{part}-images.npy", "|u1", f"({len(labels)}, {side}, {side})", b"".join(pixels))
        npy(f"{folder}/{part}-labels.npy", "|u1", f"({len(labels)},)", bytes(labels))


def network(layers="  - dense: 16\n  - activation: relu\n  - dense: 4\n", target="labels", epochs=1, more="", loss="cross_entropy"):
    return ("data: mine\nlayers:\n" + layers + f"train:\n  target: {target}\n  epochs: {epochs}\n  batch: 8\n  loss: {loss}\n"
            "  optimiser: sgd\n  rate: [0.1]\n" + more)


def make_set(folder):
    """Forty training and sixteen test samples of four classes, and a network for them: set, net.yaml."""
    npy_set(f"{folder}/set", samples(40), samples(16, seed=1))
    write(f"{folder}/net.yaml", network())


# ---- pictures -------------------------------------------------------------------------

# 16 x 8 pixels, by libjpeg: the left half black, the right half white.
JPEG_HALVES = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PT"
    "gyPC4zNDL/wAALCAAIABABAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP5/v/9k=")


def exif(orientation):
    return b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, orientation, 0, 0)


def turned_jpeg(content, orientation):
    block = b"Exif\0\0" + exif(orientation)
    return content[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + content[2:]


def png(rows, depth=8, kind=0, orientation=None):
    """rows: a list of bytes; kind 0 grey, 2 colour, 4 grey with alpha."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    width = len(rows[0]) * 8 // (depth * {0: 1, 2: 3, 4: 2}[kind])
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), depth, kind, 0, 0, 0))
    if orientation:
        out += chunk(b"eXIf", exif(orientation))
    return out + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + r for r in rows))) + chunk(b"IEND", b"")


def bars(label, seed, width=8, height=8):
    """A bright bar at a row of its own for each class, in noise."""
    rng = random.Random(100 * seed + label)
    rows = [bytes(rng.randrange(40) for _ in range(width)) for _ in range(height)]
    for row in range(height * label // 4, height * (label + 1) // 4):
        rows[row] = bytes([230] * width)
    return rows


def each_picture(train=12, test=6, classes=("bee", "cat", "dog")):
    """part, class, number in it, label, seed"""
    for part, count, first in (("train", train, 0), ("test", test, 1000)):
        for label, name in enumerate(classes):
            for k in range(count):
                yield part, name, k, label, first + k


def make_turned(folder):
    """Two folders with the same pictures, of which the test's are stored turned and say so: turned, jpeg."""
    def stored(rows, orientation):
        """Rows so that turning them as the orientation says gives back what they were."""
        height, width = len(rows), len(rows[0])
        back = {2: lambda y, x: (y, width - 1 - x), 3: lambda y, x: (height - 1 - y, width - 1 - x), 4: lambda y, x: (height - 1 - y, x),
                5: lambda y, x: (x, y), 6: lambda y, x: (x, width - 1 - y), 7: lambda y, x: (height - 1 - x, width - 1 - y),
                8: lambda y, x: (height - 1 - x, y)}[orientation]
        h, w = (width, height) if orientation > 4 else (height, width)
        return [bytes(rows[back(y, x)[0]][back(y, x)[1]] for x in range(w)) for y in range(h)]

    for part, name, k, label, _ in each_picture(7, 7):
        rows, orientation = bars(label, k, width=6), k + 2
        write(f"{folder}/turned/{part}/{name}/{k}.png", png(rows) if part == "train" else png(stored(rows, orientation), orientation=orientation))
    for name, orientation, top in (("dark", 6, 0), ("light", 8, 255)):
        write(f"{folder}/jpeg/train/{name}/1.png", png([bytes([top] * 8)] * 8 + [bytes([255 - top] * 8)] * 8))
        write(f"{folder}/jpeg/test/{name}/1.jpg", turned_jpeg(JPEG_HALVES, orientation))


def make_formats(folder):
    """A folder as it comes from the web, of many formats, and one whose class has none that is read: mixed, none."""
    kinds = ("png", "webp", "bmp", "tif", "jfif", "gif")
    for part, name, k, label, seed in each_picture():
        content = JPEG_HALVES if kinds[k % 6] == "jfif" else png(bars(label, seed, width=16))
        write(f"{folder}/mixed/{part}/{name}/{k}.{kinds[k % 6]}", content)
        write(f"{folder}/none/{part}/{name}/{k}.{'webp' if name == 'cat' else 'png'}", content)


def make_deep(folder):
    """Pictures of sixteen bits that use the lowest eight, or twelve: eight, twelve; others of another size each: sizes; a part clear: clear;
    one of each class in colour: some."""
    for part, name, k, label, seed in each_picture():
        rows = bars(label, seed)
        for set_name, factor in (("eight", 1), ("twelve", 16)):
            write(f"{folder}/{set_name}/{part}/{name}/{k}.png",
                  png([b"".join(struct.pack(">H", factor * v) for v in row) for row in rows], depth=16))
        write(f"{folder}/sizes/{part}/{name}/{k}.png", png(bars(label, seed, width=20 + k, height=24)))
        write(f"{folder}/clear/{part}/{name}/{k}.png",
              png([b"".join(bytes([v, 0 if v < 40 else 255]) for v in row) for row in rows], kind=4))
        write(f"{folder}/some/{part}/{name}/{k}.png", png(rows) if k else png([b"".join(bytes([v] * 3) for v in row) for row in rows], kind=2))
        write(f"{folder}/wide/{part}/{name}/{k}.png", png([bytes(9000)] * 3))


def make_own(folder):
    """One folder without a test part: classes, pictures without a label beside them, and a list of some of the files; a folder
    without classes, whose labels are in a list: own, few.txt, flat; and one with a list for each part: listed."""
    for _, name, k, label, seed in each_picture(20, 0):
        write(f"{folder}/own/{name}/{name}{k}.png", png(bars(label, seed)))
        write(f"{folder}/own/{'unlabelled/' if k % 2 else ''}{name}{k}.png", png(bars(label, 500 + seed)))
        write(f"{folder}/flat/{name}{k}.png", png(bars(label, seed)))
    write(f"{folder}/few.txt", "".join(f"{name}/{name}{k}.png\n" for name in ("bee", "cat", "dog") for k in range(0, 20, 3)))
    write(f"{folder}/flat/labels.csv", "file,class\n" + "".join(f"{name}{k}.png,{name}\n" for name in ("bee", "cat", "dog") for k in range(4)))
    for part, count in (("train", 20), ("test", 4)):
        files = [(name, k, label) for label, name in enumerate(("bee", "cat", "dog")) for k in range(count)]
        for name, k, label in files:
            write(f"{folder}/listed/{part}/{name}{k}.png", png(bars(label, k + (part == "test") * 1000)))
        write(f"{folder}/listed/{part}/labels.csv", "".join(f"{name}{k}.png,{name}\n" for name, k, _ in files if part == "train" or (name, k) != ("dog", 3)))


def make_steering(folder):
    """Names of classes and files that steer a terminal, and pictures that are doubled, for which they are shown; a list with a
    wrong class: steering."""
    esc = "\x1b[31m"
    for k in range(4):
        write(f"{folder}/steering/train/a{esc}{k}.png", png(bars(k % 2, 1)))
    write(f"{folder}/steering/train/labels.csv", "".join(f"a{esc}{k}.png,red{esc}{k % 2}\n" for k in range(4)))
    write(f"{folder}/steering/test/red{esc}0/x{esc}.png", png(bars(0, 1)))
    write(f"{folder}/steering/test/red{esc}0/\u009b31m.png", png(bars(1, 3)))
    write(f"{folder}/wrong{esc}\nforged/labels.csv", f"b.png,red{esc}\nb.png,\u009b31mred\n")
    write(f"{folder}/wrong{esc}\nforged/b.png", png(bars(0, 1)))


def make_animals(folder):
    """Ten pictures of each of three classes, of different sizes, and a hundred of each without a label: animals."""
    for _, name, k, label, seed in each_picture(110, 0, ("cat", "dog", "horse")):
        path = f"{name}/{name}{k}.png" if k < 10 else f"unlabelled/{name}{k}.png"
        write(f"{folder}/animals/{path}", png(bars(label, seed, width=12 + k % 5, height=12)))


# ---- safetensors ---------------------------------------------------------------------

def safetensors(path, header, values):
    write(path, struct.pack("<Q", len(header)) + header.encode() + values)


def make_tensors(folder):
    """Files of tensors that are odd: steering a terminal, not finite, of types that networks do not have; and no such files."""
    safetensors(f"{folder}/esc.safetensors",
                '{"__metadata__": {"k": "\\u001b[2J\\u001b[31mred\\nforged   F32 [9]"},'
                ' "w\\u001b[31m\\nx": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}', bytes(4))
    nan, inf = float("nan"), float("inf")
    safetensors(f"{folder}/nan.safetensors",
                '{"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]},'
                ' "b": {"dtype": "F32", "shape": [4], "data_offsets": [12, 28]}}', struct.pack("<7f", nan, inf, 1, *[nan] * 4))
    safetensors(f"{folder}/f8.safetensors",
                '{"scale": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},'
                ' "weight": {"dtype": "F8_E4M3", "shape": [2, 2], "data_offsets": [4, 8]}}', bytes(8))
    safetensors(f"{folder}/f7.safetensors", '{"weight": {"dtype": "F7", "shape": [1], "data_offsets": [0, 1]}}', bytes(1))
    write(f"{folder}/lfs.safetensors",
          "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 4832\n")
    write(f"{folder}/pickled.safetensors", b"\x80\x02}q\0." + bytes(40))
    write(f"{folder}/zipped.safetensors", b"PK\3\4" + bytes(40))


def make_half(folder):
    """The model of run r with weights of half precision."""
    import json
    path = f"{folder}/r/model.safetensors"
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    header, values, out = json.loads(content[8:8 + length]), content[8 + length:], b""
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        begin, end = tensor["data_offsets"]
        half = struct.pack(f"<{(end - begin) // 4}e", *struct.unpack(f"<{(end - begin) // 4}f", values[begin:end]))
        tensor.update(dtype="F16", data_offsets=[len(out), len(out) + len(half)])
        out += half
    safetensors(path, json.dumps(header), out)


# ---- other sets -----------------------------------------------------------------------

def make_mat(folder):
    """The files of SVHN with labels of int64, as NumPy's own integers are saved: svhn."""
    def element(kind, content):
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)

    def array(name, shape, kind, values, content):
        inner = element(6, bytes([kind]) + bytes(7)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
        inner += element(1, name) + element(values, content)
        return struct.pack("<II", 14, len(inner)) + inner

    count = 20
    content = b"MATLAB 5.0 MAT-file".ljust(124) + b"\0\1IM"
    content += array(b"X", (32, 32, 3, count), 9, 2, random.Random(0).randbytes(32 * 32 * 3 * count))
    content += array(b"y", (count, 1), 14, 12, struct.pack(f"<{count}q", *[i % 10 + 1 for i in range(count)]))
    for part in ("train", "test"):
        write(f"{folder}/svhn/{part}_32x32.mat", content)


def recording(seed, count, height, width, first=None):
    """Events over 0.3 s; `first` is the place of the first of them."""
    rng = random.Random(seed)
    out = bytearray()
    for i, time in enumerate(sorted(rng.randrange(300000) for _ in range(count))):
        x, y = first if first and i == 0 else (rng.randrange(width), rng.randrange(height))
        out += bytes([x, y, rng.randrange(2) << 7 | time >> 16, time >> 8 & 255, time & 255])
    return bytes(out)


def make_events(folder):
    """Recordings of two classes, of which one begins as a gzip file does: retina, of 180 x 240 pixels; nmnist, of 34 x 34."""
    for part in ("Train", "Test"):
        for k in range(3):
            for name in ("airplanes", "ants"):
                begins = (0x1f, 0x8b) if (part, name, k) == ("Train", "ants", 1) else None
                write(f"{folder}/retina/{part}/{name}/{k}.bin", recording(k, 60, 180, 240, begins))
                write(f"{folder}/nmnist/{part}/{name}/{k}.bin", recording(k, 200, 34, 34))


def make_labels(folder):
    """Sets of arrays whose labels are odd: off-by-one has a test label that no training sample has, rare a class of one sample,
    from-one labels that count from 1."""
    (x, y), (xt, yt) = samples(40), samples(16, seed=1)
    npy_set(f"{folder}/off-by-one", (x, y), (xt, [v + 1 for v in yt]))
    npy_set(f"{folder}/from-one", (x, [v + 1 for v in y]), (xt, [v + 1 for v in yt]))
    kept = [i for i in range(40) if y[i] < 2 or i in (2, 3)]
    npy_set(f"{folder}/rare", ([x[i] for i in kept], [y[i] for i in kept]), (xt, yt))


def make_arrays(folder):
    """Images with the channels first, and counts that are hardly seen: nchw, counts, and spiking networks for them."""
    (x, y), (xt, yt) = samples(40), samples(16, seed=1)
    for part, pixels, labels in (("train", x, y), ("test", xt, yt)):
        planes = b"".join(p + bytes(v // 2 for v in p) + bytes(v // 3 for v in p) for p in pixels)
        npy(f"{folder}/nchw/{part}-images.npy", "|u1", f"({len(labels)}, 3, 8, 8)", planes)
        npy(f"{folder}/nchw/{part}-labels.npy", "|u1", f"({len(labels)},)", bytes(labels))
    counts = [([bytes(v // 100 for v in p) for p in pixels], labels) for pixels, labels in ((x, y), (xt, yt))]
    npy_set(f"{folder}/counts", *counts)
    write(f"{folder}/spiking.yaml", "data: mine\nnetwork: 4C3-AP2-FC4\nspiking:\n  steps: 4\ntrain:\n  target: labels\n  epochs: 2\n"
          "  batch: 8\n  loss: cross_entropy\n  optimiser: sgd\n  rate: [0.1]\n")


# ---- configurations ----------------------------------------------------------------------

def make_texts(folder):
    """Configurations of another encoding and with a tab; a list of samples that begins with a mark of byte order."""
    base = network(layers="  - dense: 4\n", loss="mse")
    write(f"{folder}/latin1.yaml", base.encode() + b"description: f\xfcr alle\n")
    write(f"{folder}/tab.yaml", base.replace("  target", "\ttarget"))
    write(f"{folder}/labels.yaml", network(target="self", loss="mse", more="semi:\n  labels_file: mine.txt\n  batch: 4\n  rate: [0.1]\n")
          .replace("  rate: [0.1]\nsemi", "  rate: [0.1]\n  winners: 1\nsemi"))
    write(f"{folder}/mine.txt", b"\xef\xbb\xbf0\r\n1\r\n2\r\n3\r\n")


def main():
    kinds = {name[5:]: function for name, function in globals().items() if name.startswith("make_")}
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in kinds:
        sys.exit(__doc__ + "\nkinds: " + ", ".join(kinds))
    kinds[sys.argv[1]](sys.argv[2] if len(sys.argv) > 2 else ".")


if __name__ == "__main__":
    main()
