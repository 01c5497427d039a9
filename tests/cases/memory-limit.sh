# Where memory is limited the program ends, with an error or without.
(ulimit -v 200000; timeout -k 1 20 "$PLANARIA" --version) >said 2>&1 || code=$?
[ "$code" != 124 ] || wrong "it did not end"
