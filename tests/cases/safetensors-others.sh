# Types of the format that networks do not have are listed; what is no such file is named.
make tensors
try inspect f8.safetensors
ends 0
says '^weight +F8_E4M3 +\[2, 2\] +4 bytes'
try inspect f7.safetensors
ends 3
says "of the dtype 'F7'"
try inspect lfs.safetensors
says 'git lfs pull'
try inspect pickled.safetensors
says 'pickle of Python'
try inspect zipped.safetensors
says 'zip file'
