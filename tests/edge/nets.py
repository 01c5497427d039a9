"""nets.py - runs whose weights are the same on every machine, for exports whose bytes and instructions are compared

Data are strokes on images, weights are drawn here, so that nothing depends on how a machine adds floats.
"""
import json
import random
import struct
import subprocess

TRAIN, TEST, CLASSES = 64, 32, 10


def image(rng, side, template):
    """Some strokes of a class, shifted and of varied ink: a fifth of the pixels is not zero."""
    pixels = bytearray(side * side)
    dy, dx = rng.randrange(-1, 2), rng.randrange(-1, 2)
    for y, x in template:
        for ny in (y, y + 1):
            for nx in (x, x + 1):
                if 0 <= ny + dy < side and 0 <= nx + dx < side:
                    pixels[(ny + dy) * side + nx + dx] = rng.randrange(100, 256)
    return bytes(pixels)


def template(rng, side):
    y, x, places = rng.randrange(4, side - 6), rng.randrange(4, side - 6), []
    while len(set(places)) < side * side // 14:
        y = min(max(y + rng.randrange(-1, 2), 1), side - 3)
        x = min(max(x + rng.randrange(-1, 2), 1), side - 3)
        places.append((y, x))
    return sorted(set(places))


def write_data(folder, side):
    rng = random.Random(side)
    templates = [template(rng, side) for _ in range(CLASSES)]
    folder.mkdir()
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        images = b"".join(image(rng, side, templates[i % CLASSES]) for i in range(count))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, count, side, side) + images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, count) + bytes(i % CLASSES for i in range(count)))


def overwrite(model, values):
    """Puts other numbers into tensors of a model file: name -> function of (random numbers, place) -> number."""
    content = bytearray(model.read_bytes())
    size, = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + size])
    for name, draw in values.items():
        begin, end = (8 + size + at for at in header[name]["data_offsets"])
        rng = random.Random(name)
        content[begin:end] = struct.pack(f"<{(end - begin) // 4}f", *(draw(rng) for _ in range((end - begin) // 4)))
    model.write_bytes(content)


def sparse(rng):
    return rng.gauss(0, 0.12) if rng.random() < 0.1 else 0.0


LABELS = {"target": "labels", "epochs": 0, "batch": 16, "loss": "cross_entropy", "optimiser": "adam", "rate": [0.001]}
SELF = {"target": "self", "epochs": 0, "batch": 16, "loss": "mse", "optimiser": "sgd", "rate": [1], "winners": 2, "gamma": 0.4}
TOP = {"1.weight": lambda rng: rng.gauss(0, 0.1), "1.bias": lambda rng: rng.gauss(0, 0.1)}

# Name -> side of the images, layers, training, weights, more words for the export.
NETS = {
    "dense": (28, [{"dense": 256}, {"activation": "relu"}, {"dense": 10}, {"activation": "softmax"}], LABELS,
              {"0.weight": lambda rng: rng.gauss(0, 0.05), "0.bias": lambda rng: -0.25, **TOP}, []),
    "pruned": (28, [{"dense": 256}, {"activation": "relu"}, {"dense": 10}, {"activation": "softmax"}], LABELS,
               {"0.weight": sparse, "0.bias": lambda rng: -0.15, **TOP}, []),
    "learner": (14, [{"dense": 256}, {"activation": "hardsigm"}], SELF,
                {"0.weight": lambda rng: rng.gauss(0, 0.05), "0.bias": lambda rng: 0.0}, ["--learn", "--rate", "0.002"]),
}


def make(planaria, folder):
    """Exports every network into folder/NAME, and returns their folders by name."""
    exported = {}
    for side in sorted({net[0] for net in NETS.values()}):
        write_data(folder / f"data{side}", side)
    for name, (side, layers, train, values, more) in NETS.items():
        config = folder / f"{name}.yaml"
        config.write_text(json.dumps({"data": f"data{side}", "layers": layers, "train": train}))
        run = folder / f"run-{name}"
        call(planaria, folder, "train", config, "--data", folder / f"data{side}", "--out", run, "--threads", "1")
        overwrite(run / "model.safetensors", values)
        exported[name] = folder / name
        call(planaria, folder, "export", run, "--to", "c", "--out", folder / name, "--name", name, "--loss", "100", *more)
    return exported


def call(planaria, folder, *words):
    done = subprocess.run([planaria, *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise SystemExit(f"planaria {' '.join(map(str, words))} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


