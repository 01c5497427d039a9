# Least, largest and mean are those of the finite values, and there may be none.
make tensors
try inspect nan.safetensors
says '^a .* 1 \.\. 1 .* mean 1 .* not finite: 2$'
says '^b .* no finite value  not finite: 4$'
