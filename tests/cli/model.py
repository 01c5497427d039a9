"""model.py same A B - whether two models are one but for the files that their data were read from;
   model.py plain FILE - leaves the network alone in a model, as earlier versions wrote it;
   model.py huge FILE TENSOR - makes the numbers of a tensor so large that sums of them are not finite"""
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


def enlarge(path, name):
    content = bytearray(open(path, "rb").read())
    size, = struct.unpack_from("<Q", content)
    begin, end = (8 + size + at for at in json.loads(content[8:8 + size])[name]["data_offsets"])
    content[begin:end] = b"".join(struct.pack("<f", 3e38 if v > 0 else -3e38) for v, in struct.iter_unpack("<f", content[begin:end]))
    open(path, "wb").write(content)


if sys.argv[1] == "plain":
    strip(sys.argv[2])
elif sys.argv[1] == "huge":
    enlarge(sys.argv[2], sys.argv[3])
else:
    sys.exit(network(sys.argv[2]) != network(sys.argv[3]))
