# A run that is killed at twenty random moments ends in the bytes of one that is not.
# The kill must reach the command itself, not a shell around it.
sed 's/epochs: 6$/epochs: 3000/; s/epochs: 3$/epochs: 1500/; s/at: .*/at: [AT]/' "$TESTS/tiny.yaml" |
    sed "s/AT/$(seq -s, 20 20 3000 | head -c 1200 | sed 's/,[0-9]*$//')/" > long.yaml
go() { "$PLANARIA" train long.yaml --data "$DATA" --json "$@"; }   # never killed: a kill would only reach its shell
strip() { sed 's/"train_seconds":[^,]*,"samples_per_second":[^,]*,//; s/"peak_bytes":[0-9]*,\{0,1\}//; s/,\{0,1\}"\(evaluate\|classifier\)_seconds":[^,}]*//g' "$1/metrics.jsonl"; }

# Twenty waits together are shorter than the run, unless the machine has become faster meanwhile: then once more, with half as long ones.
start=$(date +%s%N)
go --out whole >/dev/null 2>&1; echo "straight: $?"
most=$(awk -v ns=$(($(date +%s%N) - start)) 'BEGIN { t = ns / 12e9; print t < 0.13 ? t : 0.13 }')
kills=0
for part in 1 2 4 8; do
    # shellcheck disable=SC2013
    for wait in $(awk -v most="$most" -v part=$part 'BEGIN { srand(11); for (i = 0; i < 60; i++) printf "%.3f ", most / part * (0.05 + 0.95 * rand()) }'); do
        [ $kills -lt 20 ] || break 2
        "$PLANARIA" train long.yaml --data "$DATA" --json --out cut --resume >/dev/null 2>err & pid=$!
        until [ -e cut/manifest.json ] || ! kill -0 $pid 2>/dev/null; do sleep 0.01; done    # on a busy machine the run begins late
        sleep "$wait"
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null; code=$?
        case $code in
        137) kills=$((kills + 1)) ;;
        0) kills=0; rm -rf cut; break ;;
        *) echo "code $code: $(cat err)"; break 2 ;;
        esac
    done
done
[ $kills -eq 20 ] && echo "killed 20 times" || echo "killed only $kills times: make the run longer"
go --out cut --resume >/dev/null 2>err; echo "resumed: $? $(cat err)"
for f in model classifier; do cmp whole/$f.safetensors cut/$f.safetensors && echo "$f: same bytes"; done
strip whole > a; strip cut > b; cmp a b && echo "metrics: same lines, $(wc -l <b | tr -d ' ')"
ls cut
