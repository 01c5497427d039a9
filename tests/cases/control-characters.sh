# Names and texts of a file from elsewhere must not steer the terminal, nor forge lines.
make tensors
try inspect esc.safetensors
ends 0
silent_about "$(printf '\033')"
silent_about '^forged'
try inspect esc.safetensors --json
ends 0
says 'u001B'
