# What could not be written is said with its reason.
"$PLANARIA" presets >/dev/full 2>said || code=$?
ends 1
says 'No space left on device'
