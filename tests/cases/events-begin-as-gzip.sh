# An event at x 31, y 139 is no mark of a gzip file.
make events
try data check retina --height 180 --width 240
ends 0
says 'airplanes:3 ants:3'
