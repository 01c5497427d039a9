# Events behind the last frame are left out, which is said with the length that would keep them.
make events
try data check nmnist --microseconds 30
ends 0
says 'training samples: 9[0-9.]* % of the events are later than the 10 frames of 30 microseconds.* --microseconds=(29|30)[0-9]{3}'
try data check nmnist --microseconds 30000
silent_about 'later than'
