# Pictures in formats that are not read are counted by format and class; a class with no others is refused with what is there.
make formats
try data check mixed --resize 8
ends 0
says 'training samples: 24 of 36 picture files are left out: .bmp 6, .gif 6, .tif 6, .webp 6 \(bee 8, cat 8, dog 8\)'
try data check none --resize 8
ends 3
says 'none/train/cat holds no file \*.png, but 12 of another format \(.webp\)'
# A model takes the same files.
printf 'data: mine\nread: {resize: 8}\nlayers:\n  - dense: 3\ntrain:\n  target: labels\n  epochs: 1\n  batch: 2\n' >net.yaml
printf '  loss: cross_entropy\n  optimiser: sgd\n  rate: [0.1]\n' >>net.yaml
try train net.yaml --data mixed --out r
ends 0
echo text >mixed/test/bee/notes.txt
try predict r mixed/test
ends 0
says '^mixed/test/bee/4.jfif  [a-z]+'
says 'note: 13 files are left out \(.bmp 3, .gif 3, .tif 3, .webp 3, others 1\); of folders PNG, JPEG, .npy and .bin are taken'
