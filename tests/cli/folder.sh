# Run folders: never overwritten by accident, nothing half-written when the disk is full.
try() { "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" "$@" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$DATA|DATA|g; s|full1/[a-z.]*:|full1/FILE:|; s|safetensors\.[A-Za-z0-9]*:|safetensors.TEMPORARY:|")"; }
try --out r; ls r
try --out r
try --out r --force
try --out r --resume
mkdir filled; echo mine > filled/notes.txt; try --out filled; cat filled/notes.txt
echo x > file; try --out file; try --out file/r
try --out "$(printf '%4000s' '' | tr ' ' x)" | cut -c1-60
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" >out 2>err; echo "-> $?"; ls runs

echo "# a disk that is full: files may have so many times 512 bytes"
for blocks in 1 2 4 6 8 22 23; do
    (ulimit -f $blocks; try --out full$blocks)
    for f in "full$blocks"/*; do
        case $f in
        *.part|*.safetensors.*) echo "half-written: $f" ;;
        *.safetensors) "$PLANARIA" inspect "$f" >out 2>err || echo "broken: $f" ;;
        esac
    done
done
try --out full22 --force; cmp r/model.safetensors full22/model.safetensors && echo "with room again: the same model"
echo "# the log may have 20 KB: the run stops, and goes on where there is room"
sed 's/epochs: 6$/epochs: 120/; s/at: .*/at: [120]/' "$TESTS/tiny.yaml" > longer.yaml
strip() { sed 's/"train_seconds":[^,]*,"samples_per_second":[^,]*,//; s/"peak_bytes":[0-9]*,\{0,1\}//; s/,\{0,1\}"\(evaluate\|classifier\)_seconds":[^,}]*//g' "$1/metrics.jsonl"; }
longer() { "$PLANARIA" train longer.yaml --data "$DATA" --json "$@" >out 2>err; echo "-> $? $(cat err)"; }
longer --out whole
(ulimit -f 40; longer --out log); ls log
longer --out log --resume
strip whole > a; strip log > b; cmp a b && cmp whole/model.safetensors log/model.safetensors && echo "same log, same model"
"$PLANARIA" data list > /dev/full 2>err; echo "stdout is full -> $? $(cat err)"

echo "# no rights"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    cp "$PLANARIA" command; mkdir locked open; chmod 555 locked; chmod 777 open; cp "$TESTS/tiny.yaml" .
    cp -r "$DATA/tiny" secret; chmod 000 secret/train-images-idx3-ubyte
    as_nobody="setpriv --reuid 65534 --regid 65534 --clear-groups ./command"
else
    cp "$PLANARIA" command; mkdir locked open; chmod 555 locked; cp "$TESTS/tiny.yaml" .
    cp -r "$DATA/tiny" secret; chmod 000 secret/train-images-idx3-ubyte
    as_nobody=./command
fi
$as_nobody train tiny.yaml --data "$DATA" --out locked/r >out 2>err; echo "-> $? $(grep planaria: err)"
$as_nobody train tiny.yaml --data secret --out open/r >out 2>err; echo "-> $? $(grep planaria: err)"
chmod 755 locked
