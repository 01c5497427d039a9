# Pictures in formats that are not read are counted by format and class; a class with no others is refused with what is there.
make formats
try data check mixed --resize 8
ends 0
says 'training samples: 24 of 36 picture files are left out: .bmp 6, .gif 6, .tif 6, .webp 6 \(bee 8, cat 8, dog 8\)'
try data check none --resize 8
ends 3
says 'none/train/cat holds no file \*.png, but 12 of another format \(.webp\)'
