# planaria export: C that compiles by itself and says what the host says; eval --as int8; what is refused.
try() { "$PLANARIA" "$@" >out 2>err; echo "-> $? $(grep '^planaria\|^note' err | sed "s|$PWD|HERE|g; s|$DATA|DATA|g")"; }
train() { "$PLANARIA" train "$1.yaml" --data "$DATA/tiny" --out "$1" --threads 1 --json >/dev/null 2>err || cat err; }
figure() { grep -o '"\(accuracy\|direct_[a-z]*\|accuracy_[a-z0-9]*\)":[0-9.]*' out; }
cat > hidden.yaml <<'END'
data: tiny
layers: [{dense: 37}, {activation: relu}, {dropout: 0.1}, {dense: 20}, {activation: hardsigm}, {dense: 9}, {activation: softmax}]
train: {target: labels, epochs: 4, batch: 8, loss: cross_entropy, optimiser: adam, rate: [0.01]}
END
sed '/evaluate:/,$d' "$TESTS/tiny.yaml" > self.yaml
train hidden; train self
cat > few.py <<'END'
"""Leaves a tenth of the weights of the first layer."""
import json, struct, sys
content = bytearray(open(sys.argv[1], "rb").read())
size, = struct.unpack_from("<Q", content)
begin, end = (8 + size + at for at in json.loads(content[8:8 + size])["0.weight"]["data_offsets"])
for k in range(begin, end, 4):
    if k // 4 % 10: content[k:k + 4] = bytes(4)
open(sys.argv[1], "wb").write(content)
END
cp -r hidden few; python3 few.py few/model.safetensors

echo "# compiled without a warning, and with every check at run time"
CLANG=$(command -v clang || echo cc)
build() {
    strict="-std=c99 -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -pedantic -Werror"
    (cd "$1" && $CLANG -fsyntax-only $strict ./*.c && cc -O1 -fsanitize=address,undefined -fno-sanitize-recover $strict ./*.c -o ../check && ../check) || echo "$1: $?"
    (cd "$1" && make -s CFLAGS=-O0 example/main && echo made) || echo "$1: not made"
}
export_it() {
    name=$1; shift
    "$PLANARIA" export "$name" --to c --out "c-$name" --name "$name" --loss 10 "$@" >"$name.table" 2>err || cat err
    build "c-$name"
}
export_it hidden; (cd c-hidden && make -s CFLAGS=-O0 check); export_it few --for size; export_it self --learn
sed 's/[0-9.]* %/P %/g' hidden.table | awk '/^dense/ { print $1, $2, $3, $4, $5, $7, $9; next } { print }'
awk '/^dense/ { print $2, $9 }' few.table; ls c-self; (cd c-few && echo ./*sparse*)
cp -r c-hidden c-other
python3 - <<'END'
text = open("c-other/hidden.c").read()
at = text.index("bias_3[9] = {\n") + len("bias_3[9] = {\n")
open("c-other/hidden.c", "w").write(text[:at] + str(int(text[at:text.index(",", at)]) + 1) + text[text.index(",", at):])
END
(cd c-other && cc ./*.c -o ../check && ../check; echo "one bias is another: $?")
rm -r c-other

cat > Arduino.h <<'END'
#include <stdint.h>
#include <stddef.h>
struct line { void begin(long); size_t readBytes(char *, size_t); void println(int); } extern Serial;
END
cat > zephyr.cmake <<'END'
function(zephyr_library_named name)
  message("${name}")
endfunction()
function(zephyr_library_sources)
  foreach(source ${ARGV})
    file(SIZE ${source} size)
  endforeach()
  list(LENGTH ARGV count)
  message("${count} sources")
endfunction()
function(zephyr_include_directories folder)
  file(SIZE ${folder}/pln_edge.h size)
endfunction()
include(c-self/zephyr/CMakeLists.txt)
END
c++ -fsyntax-only -Wall -Wextra -Werror -I. -Ic-self -x c++ -include Arduino.h c-self/examples/classify/classify.ino && (cd c-self && cc -std=c99 -pedantic -Werror -DARDUINO -c self_check.c -o ../empty.o) && nm empty.o
cmake -P zephyr.cmake 2>&1; cat c-self/zephyr/module.yml; cut -d= -f1 c-self/library.properties | tr '\n' ' '; echo
echo "# the example says of test samples what eval --as int8 counts, however the layers are kept"
cat > compare.py <<'END'
import json, subprocess, sys
name, program = sys.argv[1:3]
images = open(f"{sys.argv[3]}/tiny/t10k-images-idx3-ubyte", "rb").read()[16:]
labels = open(f"{sys.argv[3]}/tiny/t10k-labels-idx1-ubyte", "rb").read()[8:]
said = list(map(int, subprocess.run([program], input=images, capture_output=True, check=True).stdout.split()))
figures = json.load(open("out"))
counts = [[0] * 4 for _ in range(4)]
for s, label in zip(said, labels): counts[label][s] += 1
print(len(said) == len(labels), counts == [row[:4] for row in figures["confusion"]["counts"]],
      sum(s == l for s, l in zip(said, labels)) / len(labels) == figures.get("accuracy", figures.get("direct_average")))
END
for name in hidden few; do try eval $name --as int8 --confusion --json; python3 compare.py $name c-$name/example/main "$DATA"; done
"$PLANARIA" export self --to c --out c-still --loss 10 --for size >/dev/null 2>&1; make -s -C c-still CFLAGS=-O0 example/main; try eval self --as int8 --confusion --json; python3 compare.py self c-still/example/main "$DATA"
try eval hidden --as int16
echo "# other data do not change the scales; a network that can go on learning is another one"
mkdir dark; cp "$DATA"/tiny/t10k* "$DATA"/tiny/train-labels* dark
python3 -c 'import sys; b = open(sys.argv[1], "rb").read(); open(sys.argv[2], "wb").write(b[:16] + bytes(len(b) - 16))' "$DATA/tiny/train-images-idx3-ubyte" dark/train-images-idx3-ubyte
try eval hidden --as int8 --confusion --json; mv out usual; try eval hidden --as int8 --confusion --json --data dark; cmp usual out
try eval hidden --as int8-learn
try eval self --as int8-learn --confusion --json; sed 's/_learn(/_infer(/' c-self/example/main.c >still.c; cc -Ic-self -o still still.c c-self/self.c c-self/pln_edge_*.c; python3 compare.py self ./still "$DATA"
echo "# what a device has learned comes back: the same in one go or two, damaged states do not"
learn() { tail -c +17 "$DATA/tiny/train-images-idx3-ubyte" | head -c $((64 * $2)) | tail -c $((64 * ($2 - $3))) | c-self/example/main "$1" >/dev/null || echo "$1: $?"; }
learn once 240 0; learn twice 100 0; learn twice 240 100; cmp once twice && echo same; wc -c <once
try import self once --out grown; ls grown; cmp -s self/model.safetensors grown/model.safetensors || echo "another model"
"$PLANARIA" export grown --to c --out c-grown --name self --loss 100 --learn >/dev/null 2>&1
try eval grown --as int8 --json; figure | sed 's/[0-9.]*$//'
head -c 500 once > short; try import self short --out k
python3 -c 'b = bytearray(open("once", "rb").read()); b[99] ^= 4; open("bent", "wb").write(b)'; try import self bent --out k; learn bent 1 0
try import self self/model.safetensors --out k
try import grown once --out k
try import hidden once --out k
try import self once --out grown
try import self once
try import self
echo "# as JSON, and beyond what there is"
try export hidden --to c --out j --json; python3 -c 'import json; r = json.load(open("out")); print(sorted(r), [l["kept_as"] for l in r["layers"]], r == json.load(open("j/report.json")))'
try export hidden --to c --out k --flash 1000; ls k 2>/dev/null
try export hidden --to c --out k --ram 100
mkdir bare; cp "$DATA"/tiny-npy/t*-images.npy "$DATA"/tiny-npy/test-labels.npy bare
python3 -c 'h = b"%-117s\n" % b"{\x27descr\x27: \x27|i1\x27, \x27fortran_order\x27: False, \x27shape\x27: (240,)}"; open("bare/train-labels.npy", "wb").write(b"\x93NUMPY\1\0v\0" + h + b"\xff" * 240)'
try export self --to c --out bare-c --data bare; try export self --to c --out k --data bare --loss 1
try export few --to c --out j
cat > outlier.py <<'END'
"""Makes one weight of the first layer so large that the steps of eight bits are too wide for the others."""
import json, struct, sys
content = bytearray(open(sys.argv[1], "rb").read())
size, = struct.unpack_from("<Q", content)
begin = 8 + size + json.loads(content[8:8 + size])["0.weight"]["data_offsets"][0]
content[begin:begin + 4] = struct.pack("<f", 1000)
open(sys.argv[1], "wb").write(content)
END
cat > scale.py <<'END'
"""Multiplies all numbers of a tensor."""
import json, struct, sys
content = bytearray(open(sys.argv[1], "rb").read())
size, = struct.unpack_from("<Q", content)
begin, end = (8 + size + at for at in json.loads(content[8:8 + size])[sys.argv[2]]["data_offsets"])
values = [v * float(sys.argv[3]) for v in struct.unpack(f"<{(end - begin) // 4}f", content[begin:end])]
content[begin:end] = struct.pack(f"<{len(values)}f", *values)
open(sys.argv[1], "wb").write(content)
END
cp -r hidden small
for scale in '0.weight 1e-40' '0.bias 0' '1.weight 1e-40' '1.bias 0'; do python3 scale.py small/model.safetensors $scale; done; try export small --to c --out k
cp -r self large; python3 scale.py large/model.safetensors 0.bias 1e9; try export large --to c --out k --learn
cp -r hidden wide; python3 outlier.py wide/model.safetensors; try export wide --to c --out k | sed 's/[0-9.]* %/P %/g; s/not [0-9.]*/not P/'
echo "# what is refused"
try export hidden
try export hidden --to c
try export hidden --to python --out k
try export hidden --to c --out k --name Digits
try export hidden --to c --out k --name pln_edge_dense
try export hidden --to c --out k --for fun
try export hidden --to c --out k --rate 1
try export self --to c --out k --learn --rate -0.5
try export self --to c --out k --learn --rate nan
try export hidden --to c --out k --flash 0
try export hidden --to c --out k --learn
try export self --to c --out k --learn --rate 0.5
for change in 's/relu/sigmoid/' 's/{activation: relu}, //' "s/data: tiny/data: tiny\ninput: {steps: 1}/"; do
    sed "$change; s/epochs: 4/epochs: 0/" hidden.yaml > other.yaml; rm -rf other
    train other; try export other --to c --out k
done
"$PLANARIA" train "$TESTS/tiny-spiking.yaml" --data "$DATA" --epochs 0 --out spikes >/dev/null 2>&1; try export spikes --to c --out k
"$PLANARIA" train "$TESTS/tiny-ep.yaml" --data "$DATA" --epochs 0 --out rests >/dev/null 2>&1; try export rests --to c --out k
sed 's/data: tiny/data: tiny-npy/; s/epochs: 4/epochs: 0/' hidden.yaml > floats.yaml; "$PLANARIA" train floats.yaml --data "$DATA/npy-float" --out floats >/dev/null 2>&1; try export floats --to c --out k
try eval floats --as int8
python3 - <<'END'
import os, struct
os.mkdir("nine")
for part in ("train", "t10k"):
    open(f"nine/{part}-images-idx3-ubyte", "wb").write(struct.pack(">4I", 0x803, 4, 9, 9) + bytes(range(81)) * 4)
    open(f"nine/{part}-labels-idx1-ubyte", "wb").write(struct.pack(">2I", 0x801, 4) + bytes(range(4)))
END
try export hidden --to c --out k --data nine
ls -d k 2>/dev/null
