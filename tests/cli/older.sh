# Runs that an older program has left behind are read, and measure as they did.
for run in rows spiking; do
    cp -r "$TESTS/older/$run" "$run"
    "$PLANARIA" eval "$run" --data "$DATA" --json 2>err | grep -o '"\(direct_average\|direct_max\|accuracy\|firing_rate\|sops\)":[0-9.]*' | head -3
    "$PLANARIA" train "$run/config.yaml" --data "$DATA" --epochs 0 --out "$run-again" >out 2>err; echo "-> $?"
    "$PLANARIA" inspect "$run/model.safetensors" | grep -c F32
done
