# Weights of half precision are refused as what they are.
make set
try train net.yaml --data set --out r --no-eval
ends 0
make half
try eval r
ends 3
says 'is F16; wanted is F32'
