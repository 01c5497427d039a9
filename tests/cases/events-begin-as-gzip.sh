# An event at x 31, y 139 is no mark of a gzip file, neither in training nor in what a model is asked about.
make events
try data check retina --height 180 --width 240
ends 0
says 'airplanes:3 ants:3'
printf 'data: mine\nread: {steps: 1, height: 180, width: 240}\nlayers:\n  - dense: 2\ntrain:\n  target: labels\n  epochs: 1\n  batch: 2\n' >net.yaml
printf '  loss: cross_entropy\n  optimiser: sgd\n  rate: [0.1]\n' >>net.yaml
try train net.yaml --data retina --out r
ends 0
cp retina/Train/ants/1.bin shout.BIN
printf '\0\0\10\3\101' | cat - retina/Train/ants/0.bin >idx.bin        # an event at x 0, y 0 and 0.5 s begins as an IDX file does
try predict r retina/Train/ants shout.BIN idx.bin
ends 0
says '^retina/Train/ants/1.bin  [a-z]+ [0-9.]+'
says '^shout.BIN  [a-z]+ [0-9.]+'
says '^idx.bin  [a-z]+ [0-9.]+'
