# A data set from a server: whole, cut off, continued, without ranges, forged, and none.
set=/usr/share/datasets/fashion-mnist
[ -d $set ] || { echo "SKIP dataset-fashion-mnist is not installed"; exit 0; }

serve() {
    python3 "$TESTS/server.py" "$@" > port & server=$!
    while [ ! -s port ]; do sleep 0.05; done
    url=http://127.0.0.1:$(cat port)
}
end() { kill $server; wait $server 2>/dev/null; rm -f port; }
fetch() { $PLANARIA data fetch fashion-mnist --mirror "$url" --to got 2>&1 | sed "s|$url|URL|; s|Couldn't connect|Could not connect|; s|127.0.0.1 port [0-9]* after [0-9]* ms|SERVER|; s|end of response with [0-9]* bytes missing|transfer closed with 1 bytes remaining to read|; s|with [0-9]* bytes remaining to read|with BYTES remaining to read|; s|with [0-9]* out of [0-9]* bytes received|with SOME bytes received|"; }
kept() { for f in got/*; do [ -e "$f" ] || continue; case $f in *.part) echo "$f $(stat -c %s "$f")";; *) echo "$f";; esac; done; }

echo "# cut off: what came is kept"
serve $set --cut 3000000; fetch; end; kept
echo "# nobody there: it is still kept"
url=http://127.0.0.1:9; fetch; kept
echo "# continued behind what is there"
rm -f server.log; serve $set; fetch; end; cat server.log; kept
echo "# all there: no request"
rm -f server.log; serve $set; fetch; end; [ -e server.log ] || echo none
echo "# a server without ranges: from the beginning"
rm -rf got server.log; mkdir got; head -c 1000 $set/train-images-idx3-ubyte.gz > got/train-images-idx3-ubyte.gz.part
serve $set --no-ranges; fetch; end; cat server.log; kept
echo "# a partial file that does not fit: once more from the beginning"
rm -rf got server.log; mkdir got; head -c 1000 /dev/zero > got/train-images-idx3-ubyte.gz.part
serve $set; fetch; end; cat server.log; kept
echo "# other contents under the right names"
rm -rf got forged; mkdir forged; for f in "$set"/*.gz; do cp "$DATA/tiny-gz/$(basename "$f")" forged; done
serve forged; fetch; end; kept
echo "# no such file there"
rm -rf got; mkdir empty; serve empty; fetch; end; kept
echo "# an archive is checked as it is, not its contents"
rm -rf got forged; mkdir forged; gzip -c "$TESTS/fetch.sh" > forged/cifar-10-binary.tar.gz
serve forged; $PLANARIA data fetch cifar10 --mirror "$url" --to got 2>&1 | sed "s|$url|URL|"; end; kept
echo "# sets that are got by hand"
$PLANARIA data fetch nmnist 2>&1 | sed "s|$HOME|HOME|"
$PLANARIA data fetch nmnist --to there 2>&1; echo "exit $?"
$PLANARIA data info nmnist 2>&1 | sed "s|$HOME|HOME|g"
$PLANARIA data list | sed "s|$HOME|HOME|"
echo "# no such set, no such folder"
$PLANARIA data fetch cifar 2>&1; echo "exit $?"
touch file; $PLANARIA data fetch mnist --mirror http://127.0.0.1:9 --to file/got 2>&1; echo "exit $?"
