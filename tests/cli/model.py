"""model.py same A B - whether two models are one but for the files that their data were read from;
   model.py plain FILE - leaves the network alone in a model, as earlier versions wrote it"""
import json
import struct
import sys


def read(path):
    content = open(path, "rb").read()
    size, = struct.unpack_from("<Q", content)
    return json.loads(content[8:8 + size]), content[8 + size:]


def network(path):
    """What does not follow from the files of the data."""
    header, tensors = read(path)
    texts = header["__metadata__"]
    texts.pop("planaria.data", None)
    about = json.loads(texts.pop("planaria.decoder", "{}"))
    about.get("input", {}).pop("type", None)
    return header, tensors, about


def strip(path):
    header, tensors = read(path)
    for key in [key for key in header["__metadata__"] if key != "planaria.network"]:
        del header["__metadata__"][key]
    kept = {name: about for name, about in header.items() if name != "association" and not name.startswith("classifier.")}
    end = max(about["data_offsets"][1] for name, about in kept.items() if name != "__metadata__")
    text = json.dumps(kept).encode()
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + tensors[:end])


if sys.argv[1] == "plain":
    strip(sys.argv[2])
else:
    sys.exit(network(sys.argv[2]) != network(sys.argv[3]))
