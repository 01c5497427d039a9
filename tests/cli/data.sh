# Every sound form of a data set is read, every broken one is refused with a sentence.
for set in tiny tiny-gz tiny-npy; do
    "$PLANARIA" data check "$DATA/$set" 2>&1 | sed "s|$DATA|DATA|"
done
echo "# other types of .npy files: what is kept, and what is said of it"
for set in npy-float npy-double npy-half npy-big npy-fortran npy-python2 npy-int npy-bool npy-255 npy-twice npy-first npy-low \
           npy-same npy-classes; do
    "$PLANARIA" data check "$DATA/$set" >out 2>err
    echo "$set -> $?: $(sed -n 's/^training *//p' out)"; sed 's/^/    /' err
done
echo "# broken"
for set in cut-plain cut-gz trailer-gz long header-only empty magic rank mislabelled huge five-gigabytes \
           zero counts no-labels sides bomb npy-pickle npy-cut-gz \
           npy-nan npy-beyond npy-minus npy-complex npy-text npy-one-hot npy-float-labels npy-label npy-mixed nothing no-such-folder; do
    "$PLANARIA" data check "$DATA/$set" >out 2>err; code=$?
    echo "$set -> $code, $(wc -l <err | tr -d ' ') line: $(sed "s|$DATA|DATA|g" err)$(cat out)"
done
echo "# the bomb is refused long before 300 MB"
python3 - "$PLANARIA" "$DATA/bomb" <<'END'
import resource, subprocess, sys
code = subprocess.run([sys.argv[1], "data", "check", sys.argv[2]], stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 150 << 10)
END
echo "# places"
mkdir -p mine .cache/planaria; cp -r "$DATA/tiny" mine/tiny; cp -r "$DATA/tiny" .cache/planaria/tiny
"$PLANARIA" data check mine 2>&1
PLANARIA_DATA=mine "$PLANARIA" data info tiny | head -1
"$PLANARIA" data info tiny | head -1 | sed "s|$HOME|HOME|"
XDG_CACHE_HOME=/nowhere "$PLANARIA" data info tiny; echo $?
"$PLANARIA" data info mnist 2>&1 | grep -c fetch
echo "# floats of byte / 255 train what the bytes train, in either byte order; both are told of"
train() { "$PLANARIA" train "$TESTS/tiny.yaml" --epochs 2 --no-eval "$@" 2>&1 | grep -v '^epoch\|^The run\|^$'; }
train --data "$DATA/tiny-npy" --out bytes
for set in npy-float npy-big npy-fortran npy-int npy-python2; do
    train --data "$DATA/$set" --out $set; python3 "$TESTS/model.py" same bytes/model.safetensors $set/model.safetensors && echo "$set: the same network"
done
for run in bytes npy-float; do grep -E '"(type|least|largest)"' $run/manifest.json; done
train --data "$DATA/npy-255" --out far --dry-run | grep -E '^note|data'
echo "# parts of floats, for validation and selection"
sed 's/^network.*/network: 4C3-AP2-FC4/' "$TESTS/tiny-spiking.yaml" > held.yaml
"$PLANARIA" train held.yaml --data "$DATA/npy-float" --out held --epochs 1 --set evaluate.validation=0.25 --set 'evaluate.at=[]' 2>&1 | grep -c accuracy
"$PLANARIA" train held.yaml --data "$DATA/npy-double" --out normal --epochs 1 --dry-run | grep 'memory, data'
echo "# Poisson coding wants probabilities"
"$PLANARIA" train held.yaml --data "$DATA/npy-255" --out spikes --set spiking.normalise=false --set spiking.poisson=true 2>&1 | grep -v '^note'; [ -e spikes ] || echo "and nothing is left"
"$PLANARIA" train held.yaml --data "$DATA/npy-float" --out spikes --epochs 1 --set spiking.normalise=false --set spiking.poisson=true 2>&1 | grep -c '^largest output'
