#!/usr/bin/env python3
"""data.py - the files of cases, small and with nothing but Python

    data.py KIND [FOLDER]

writes one kind of files into the current folder, or below FOLDER.  Pictures show a bright bar whose place says the class.
"""
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
