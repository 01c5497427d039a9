# What is said of samples names their files; a folder in which there is nothing to ask about is an error; a check goes on behind a bad picture.
make own
rm -r own/unlabelled own/*.png
printf 'data: mine\nlayers: [{dense: 3}]\ntrain: {target: labels, epochs: 2, batch: 8, loss: cross_entropy, optimiser: sgd, rate: [1e-6]}\n' >net.yaml
try train net.yaml --data own --out r
ends 0
try predict r
ends 0
says '/own/(bee|cat|dog)/(bee|cat|dog)[0-9]+.png  (bee|cat|dog) '
"$PLANARIA" predict r --csv >lines 2>/dev/null
while IFS=, read -r file index class score next other label; do
    [ "$file" = file ] || [ "$(basename "$(dirname "$file")")" = "$label" ] || wrong "$file should have its label, $index $class $score $next $other $label"
done <lines
try predict r --out sorted --sort
ends 0
[ "$(find sorted -name '*.png' | wc -l)" = 12 ] || wrong "the 12 files should be sorted"
try eval r --errors 3
says '  (bee|cat|dog)/(bee|cat|dog)[0-9]+.png$'
try report r -o page.html
grep -qE '<figcaption>(bee|cat|dog)/(bee|cat|dog)[0-9]+.png is ' page.html || wrong "the report should name the files"
try features r --out x.npy
ends 0
[ "$(wc -l <x.files.txt)" = 12 ] || wrong "the rows should have names"
mkdir empty
try predict r empty
ends 3
says 'empty holds no file that is taken'
echo x >own/bee/bee0.png; echo x >own/cat/cat0.png
try data check own
ends 3
says 'bee/bee0.png'
says 'cat/cat0.png'
make deep
try data check sizes
ends 3
says '--resize gives them'
# A picture that does not fit says what would make it.
try predict r sizes/test/cat/0.png
ends 3
says 'has 20 x 24 pixels in grey, those of the training had 8 x 8 in grey: scale it, or train with read.crop=1 and read.resize'
# Other readings of the files than those of the weights to begin with are told; a report leaves out what is no run.
try train net.yaml --data sizes --set read.crop=1 --set read.resize=8 --from r --out f
ends 0
says 'r was trained on files that were read by \{\}, and these are read by \{"crop":1,"resize":8\}'
try report r net.yaml -o page.html
ends 0
says 'net.yaml is no run folder, and is left out'
