# Labels of the user's own: -1 in the data, or a list of the samples that show theirs.
train() { "$PLANARIA" train "$TESTS/tiny-semi.yaml" --set semi.labels=0 "$@" --json >out 2>err || { echo "failed: $*"; cat err; }; }
listed() { "$PLANARIA" train "$TESTS/tiny-semi.yaml" --set semi.labels=0 --set semi.labels_file=list --data "${from:-$DATA}" --out "${to:-bad}" "$@" >out 2>&1; echo "-> $? $(tail -n 1 out | sed "s|$TESTS|TESTS|")"; [ -e bad ] && echo "and left something"; }

seq 0 21 > list
train --data "$DATA/few-npy" --out minus
train --data "$DATA" --set semi.labels_file=list --out list-run
# Which data a model is of stands in its header, and labels are part of them.
weights() { python3 -c 'import struct, sys; b = open(sys.argv[1], "rb").read(); sys.stdout.buffer.write(b[8 + struct.unpack("<Q", b[:8])[0]:])' "$1/model.safetensors"; }
weights minus > a; weights list-run > b
cmp a b && echo "-1 in the data and a list: the same model"
{ echo '# twenty-two samples'; seq 21 -1 11 | sed 's/$/  # remark/'; echo; seq 0 10 | sed 's/$/\r/'; } > mixed
train --data "$DATA" --set semi.labels_file=mixed --out mixed-run
cmp list-run/model.safetensors mixed-run/model.safetensors && echo "order, remarks and line ends: the same model"
gzip -c list > list.gz; train --data "$DATA" --set semi.labels_file=list.gz --out gz-run
cmp list-run/model.safetensors gz-run/model.safetensors && echo "gzip: the same model"

echo "# another list is another run, the same list is the same"
train --data "$DATA" --set semi.labels_file=list --out list-run --resume && echo "resumed"
seq 1 22 > list; to=list-run listed --resume; to=

echo "# lists that are refused"
printf '0\n1\n2\n3\n240\n' > list; listed
printf '0\n1\n2\n3\n99999999999999999999999999\n' > list; listed
printf '0\n1\n\n2\n3\n' > list; listed --limit 3
printf '0\n1\n2\n3\n1\n' > list; listed
printf '0\n1\n-2\n' > list; listed
printf '0\n1 2\n' > list; listed
printf '0\nabc\n' > list; listed
printf '0\n1.5\n' > list; listed
printf '0\n\0\001\n' > list; listed
printf '0\n1\n2\n4\n' > list; listed
printf '# nothing\n' > list; listed
: > list; listed
seq 0 239 > list; listed
printf '0\n1\n2\n3\n22\n' > list; from=$DATA/few-npy listed; from=
rm list; listed; mkdir list; listed; rmdir list
seq 0 21 > list
listed --set semi.labels=20

echo "# labels in the data that do not suffice"
few() { "$PLANARIA" train "$TESTS/tiny-semi.yaml" --out bad "$@" >out 2>&1; echo "-> $? $(tail -n 1 out)"; }
few --data "$DATA/few-npy" --set semi.labels=23
few --data "$DATA/tiny" --set semi.labels=3
few --data "$DATA/tiny" --set semi.labels=0
train --data "$DATA/three-npy" --out three && echo "a class that no training sample is of is not missed"
echo "# labels that are missing are found before a folder is made"
without() { "$PLANARIA" train "$@" --out bad >out 2>&1; echo "-> $? $(tail -n 1 out | sed "s|$DATA|DATA|g")"; [ -e bad ] && echo "and left something"; }
without "$TESTS/tiny.yaml" --data "$DATA/few-npy" --set train.target=labels
cp -r "$DATA/few-npy" swapped; cp swapped/train-labels.npy swapped/test-labels.npy; cp swapped/train-images.npy swapped/test-images.npy
without "$TESTS/tiny.yaml" --data swapped
