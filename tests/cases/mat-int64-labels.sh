# Labels of a MATLAB file may be of any integer type.
make mat
try data check svhn
ends 0
says 'training +20 samples'
