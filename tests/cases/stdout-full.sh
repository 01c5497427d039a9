# What could not be written is said with its reason.
"$PLANARIA" presets >/dev/full 2>said && wrong "it should fail"
says 'No space left on device'
