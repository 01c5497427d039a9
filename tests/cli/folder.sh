# Run folders: never overwritten by accident, nothing half-written when the disk is full.
try() { "$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" "$@" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$DATA|DATA|g; s|safetensors\.[A-Za-z0-9]*:|safetensors.TEMPORARY:|")"; }
try --out r; ls r
try --out r
try --out r --force
try --out r --resume
mkdir filled; echo mine > filled/notes.txt; try --out filled; cat filled/notes.txt
echo x > file; try --out file; try --out file/r
try --out "$(printf '%4000s' | tr ' ' x)" | cut -c1-60
"$PLANARIA" train "$TESTS/tiny.yaml" --data "$DATA" >out 2>err; echo "-> $?"; ls runs

echo "# a disk that is full: files may have 512 bytes, then 4 KB, then 11 KB"
for blocks in 1 8 22; do
    (trap '' XFSZ; ulimit -f $blocks; try --out full$blocks)
    for f in full$blocks/*; do
        case $f in
        *.part|*.safetensors.*) echo "half-written: $f" ;;
        *.safetensors) "$PLANARIA" inspect "$f" >out 2>err || echo "broken: $f" ;;
        esac
    done
done
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
$as_nobody train tiny.yaml --data "$DATA" --out locked/r >out 2>err; echo "-> $? $(cat err)"
$as_nobody train tiny.yaml --data secret --out open/r >out 2>err; echo "-> $? $(cat err)"
chmod 755 locked
