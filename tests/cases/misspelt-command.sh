# A command that is nearly right is guessed at.
try trian
ends 2
says 'did you mean train'
try help data
ends 0
says 'Usage: planaria data'
try data chek
ends 2
says 'did you mean check\?'
make set
try train net.yaml --data set --out r --set 'read={crop:1}'
ends 2
says 'a blank must stand behind the colon of a key'
try train net.yaml --data set --out r --epoch 1
ends 2
says '^planaria: --epoch: unknown option; did you mean --epochs\?'
try train net.yaml --data set --out r --dryrun=1
ends 2
says 'did you mean --dry-run\?'
# So is what is named in the wrong place.
try train set
ends 3
says 'set is a folder of data: name it by --data'
try inspect net.yaml
says 'net.yaml: safetensors: the file does not begin with the length of a header'
