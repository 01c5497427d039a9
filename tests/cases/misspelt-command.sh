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
