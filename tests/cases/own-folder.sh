# One folder of classes, with pictures without a label and without a test part, is enough; few labels go by names of files.
make own
try data check own
ends 0
says '120 samples of 8x8 bytes .* 60 labelled'
says '^classes +bee:20 cat:20 dog:20'
says 'no test part'
try data check own --unlabelled cat
says '^classes +bee:20 dog:20 unlabelled:30'
try data check own --unlabelled nothing
ends 3
says "folder 'nothing'"
printf 'data: mine\nlayers:\n  - dense: 3\ntrain:\n  target: self\n  epochs: 2\n  batch: 8\n  loss: mse\n  optimiser: sgd\n  rate: [0.1]\n  winners: 1\n' >net.yaml
printf 'semi:\n  labels_file: few.txt\n  batch: 4\n  rate: [0.1]\n' >>net.yaml
try train net.yaml --data own --out r
ends 0
says 'own has no test part: 20 % of its labelled samples are the test \(evaluate.validation=0.2\)'
says 'of the samples that few.txt lists are in the test'
# The run is what it is for all that reads it again, and numbers are those of the samples as they lie in the folder.
for what in 'eval r' 'predict r' 'features r --out f.npy' 'report r' 'train r --resume'; do
    # shellcheck disable=SC2086
    try $what
    ends 0
done
sed '/^semi/,$d' net.yaml >free.yaml
try train free.yaml --data own --out all --no-eval
try features all --part train --out all.npy
sed 's|.*/own/||' all.files.txt | grep -n . | tr : ' ' | while read -r n name; do if grep -qx "$name" few.txt; then echo $((n - 1)); fi; done >numbers.txt
[ "$(wc -l <numbers.txt)" = 21 ] || wrong "each file has a number"
try train net.yaml --data own --out r2 --set semi.labels_file=numbers.txt
says 'of the samples that numbers.txt lists are in the test'
cmp r/model.safetensors r2/model.safetensors || wrong "names and numbers should be the same samples"
rm -r r2
echo 120 >few.txt
try train net.yaml --data own --out r2
ends 3
says 'there is no training sample 120; they are 0..119'
echo bee3.png >few.txt
try train net.yaml --data own --out r2
ends 3
says "several training samples are called 'bee3.png'"
grep -q 'validation: 0.2' r/config.yaml || wrong "the run should keep evaluate.validation"
try data check flat
ends 0
says '60 samples of 8x8 bytes .* 12 labelled'
says '^classes +bee:4 cat:4 dog:4'
# A model is asked about a folder with a list: what this says is in the column label.
sed '/^semi/,$d' net.yaml >asked.yaml
try train asked.yaml --data flat --out asked
ends 0
try predict asked flat --csv
ends 0
says '^flat/bee1.png,,.*,bee$'
says '^flat/dog7.png,,.*,$'
try predict asked flat --json
says 'flat/cat2.png.*"label":"cat"'
# Nothing is left behind by what is refused.
try predict asked nowhere --sort --out sorted
ends 3
[ ! -e sorted ] || wrong "no folder should be made"
try features asked flat --out -
ends 2
[ ! -e ./- ] || wrong "no file should be made"
echo 'bee1.png,cow' >>flat/labels.csv
try data check flat
ends 3
says 'labels.csv:14: .*bee1.png is of the class'
mkdir alone; mv own/unlabelled alone
try train free.yaml --data alone --out r3 --no-eval
ends 0
silent_about 'no test part'
try data check alone
says 'no labels, so nothing can be measured: train with --no-eval'
grep -q '"train": 30' r3/manifest.json || wrong "nothing should be withheld where nothing is measured"
try train free.yaml --data alone --out r4
ends 3
says 'no-eval'
# A test part may have its labels in a list, too; what has no class is not left out without a word.
try data check listed
ends 0
says '^training +60 samples'
says '^test +11 samples'
says '1 files in test are left out'
echo 'bee0.png,cow' >>listed/test/labels.csv
try data check listed
ends 3
says "test/labels.csv:12: there is no class 'cow' among the training samples"
rm listed/test/labels.csv
try data check listed
ends 0
says 'the files in test are no test'
says 'no test part'
cp -r own/bee listed/test
try data check listed
ends 0
says '^test +20 samples'
says '12 files in test are left out'
