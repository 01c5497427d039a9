# Daemons and job runners close descriptors 1 and 2: no file may take their place.
make set
"$PLANARIA" train net.yaml --data set --out r >&- 2>&- || true
grep -v '^{' r/metrics.jsonl >said
silent_about .
