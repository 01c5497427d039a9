# Channels that come first, and a network of which no neuron fires, are told.
make arrays
try data check nchw
says 'numpy.moveaxis\(x, 1, -1\)'
try train spiking.yaml --data counts --out r
ends 0
says 'no neuron of layer [0-9]+ .* fires on any of 16 samples'
