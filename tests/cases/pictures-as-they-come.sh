# Sixteen bits that are not used, other sizes, transparency, sides that are too long: each is said, with the key that helps.
make deep
try data check eight
says 'reach from 0 to 230 only.*--largest=255'
says 'all 36 samples are the same'
try data check eight --largest 255
silent_about 'all 36 samples'
says 'bytes from 0 to 230'
try data check twelve
says 'reach from 0 to 3680 only.*--largest=4095'
try data check sizes
ends 3
says '--resize'
try data check sizes --crop 1 --resize 12
ends 0
says '36 samples of 12x12 bytes'
says 'images of 20 x 24 to 31 x 24 pixels \(width x height\) were made 12 x 12'
try data check clear
ends 3
says '--background'
try data check clear --background white
ends 0
says 'bytes from 230 to 255'
try data check some
ends 0
says '^note: training samples: 3 of 36 images are in colour, so all are taken as such'
says '^note: test samples: 3 of 18 images'
try data check wide
ends 3
says 'at most 8192 pixels a side'
# Of parts that differ in size files and remedy are said.
mkdir small; cp -r eight/train small; mkdir -p small/test/bee; cp sizes/test/bee/0.png small/test/bee
try data check small
ends 3
says 'a training sample is 8x8 \(train/bee/0.png\), a test sample 24x20 \(test/bee/0.png\).*which --resize gives'
# A model tells of what it loses of pictures of sixteen bits.
printf 'data: mine\nlayers:\n  - dense: 3\ntrain:\n  target: labels\n  epochs: 1\n  batch: 8\n' >net.yaml
printf '  loss: cross_entropy\n  optimiser: sgd\n  rate: [0.1]\n' >>net.yaml
try train net.yaml --data twelve --out r
ends 0
try predict r twelve
ends 0
says 'note: images of 16 bits reach from 0 to 3680 only.*read.largest=4095 keeps what is lost'
try train net.yaml --data twelve --out r2 --set read.largest=4095
try predict r2 twelve
ends 0
silent_about 'note:'
