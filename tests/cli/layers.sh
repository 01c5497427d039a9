# Layers of every kind in a list: as the short form builds them, on images without spikes and labels, and what is refused.
train() { "$PLANARIA" train "$@" --data "$DATA" >out 2>err; echo "-> $? $(grep planaria: err | sed "s|$TESTS/||; s|$DATA|DATA|")"; }

echo "# the short form and the same network as a list: the same bytes"
cat > short.yaml <<'END'
data: tiny
network: 4C3-AP2-6C3-MP2-DO10-FC4
spiking: {steps: 3, norm: joint, tau: 2, normalise: true}
train: {target: labels, epochs: 2, batch: 8, loss: cross_entropy_steps, optimiser: sgd, rate: [0.1], momentum: 0.9, augment: {padding: 1}}
END
sed '/^network/d; /^spiking/d' short.yaml > list.yaml
cat >> list.yaml <<'END'
input: {steps: 3, normalise: true}
layers:
  - conv: {filters: 4, kernel: 3, pad: 1}
  - norm: joint
  - lif: 2
  - pool: {kind: average, size: 2}
  - conv: {filters: 6, kernel: 3, pad: 1}
  - norm: {kind: joint}
  - lif: {tau: 2}
  - pool: {kind: max, size: 2}
  - dropout: 0.1
  - dense: 4
  - readout: mean
END
train short.yaml --out short; train list.yaml --out list
cmp short/model.safetensors list/model.safetensors && echo same
echo "# the configuration that is kept is this one"
sed -n '/^layers/,/^train/p' list/config.yaml
train list/config.yaml --out again --set train.epochs=2; cmp list/model.safetensors again/model.safetensors && echo same
train list.yaml --out list --epochs 3 --resume

echo "# images without spikes and without labels: a pool that overlaps, winners over channels, a sum"
cat > floats.yaml <<'END'
data: tiny
layers:
  - conv: {filters: 8, kernel: 3, pad: 1}
  - norm: joint
  - activation: relu
  - conv: {filters: 8, kernel: 3, pad: 1}
  - norm: joint
  - add: 2
  - pool: {kind: max, size: 3, stride: 2, pad: 1}
  - activation: wta
  - dropout: 0.1
  - dense: 30
  - activation: hardsigm
train: {target: self, epochs: 3, batch: 4, loss: mse, optimiser: adam, rate: [0.002], winners: 2, gamma: 0.4}
evaluate: {fractions: [0.5]}
classifier: {epochs: 3, batch: 16, rate: 0.05, dropout: 0.2, activation: sigmoid}
END
for t in 1 3; do train floats.yaml --out f$t --threads $t; done; cmp f1/model.safetensors f3/model.safetensors && echo same
cmp f1/classifier.safetensors f3/classifier.safetensors && echo same
grep -c '"linear"' f1/metrics.jsonl; "$PLANARIA" eval f1 --data "$DATA" 2>&1 | cut -d' ' -f1 | tr '\n' ' '; echo
"$PLANARIA" inspect f1/model.safetensors | sed -n '2,10p' | cut -c1-72
train floats.yaml --out cut --epochs 1; train floats.yaml --out cut --resume; cmp f1/model.safetensors cut/model.safetensors && echo same
train floats.yaml --out few --set train.target=labels --set train.loss=cross_entropy --set "classifier.epochs=0"
echo "# a block with a shortcut of its own; half of the weights of convolutions left out"
cat > branch.yaml <<'END'
data: tiny
cnn_prune: 0.5
input: {steps: 2, poisson: true}
layers:
  - conv: {filters: 4, kernel: 3, pad: 1}
  - norm: step
  - lif:
  - conv: {filters: 8, kernel: 1, stride: 2}
  - norm: step
  - conv: {filters: 8, kernel: 3, stride: 2, pad: 1}
    from: 2
  - norm: step
  - add: 4
  - lif: {reset: soft, surrogate: triangle}
  - pool: average
  - dense: 4
  - readout: {kind: membrane, votes: 1}
train: {target: labels, epochs: 2, batch: 8, loss: cross_entropy, optimiser: sgd, rate: [0.1], momentum: 0.9}
END
train branch.yaml --out b; grep -c firing_rate b/metrics.jsonl
train b/config.yaml --out c; cmp b/model.safetensors c/model.safetensors && echo same
"$PLANARIA" train branch.yaml --data "$DATA" --dry-run 2>&1 | sed -n '2,9p' | cut -c1-72

echo "# refused, with line and remedy"
refused() { sed "$1" "${2:-floats.yaml}" > x.yaml; train x.yaml --out x; }
refused 's/kernel: 3, pad: 1}/kernel: 40}/'
refused 's/conv: {filters: 8, kernel: 3, pad: 1}/conv: 8/'
refused 's/conv: {filters: 8, kernel: 3, pad: 1}/conv: {kernel: 3}/'
refused 's/conv: {filters: 8, kernel: 3, pad: 1}/conv:/'
refused 's/activation: relu/activation: relux/'
refused 's/  - norm: joint/  - norm: {kind: joint, scael: 2}/'
refused 's/add: 2/add: 7/'
refused 's/add: 2/add: -1/'
refused 's/size: 3, stride: 2/size: 3, stride: 4/'
refused 's/winners: 2/winners: 31/'
refused 's/  - dense: 30/&\n    from: 1/'
refused 's/  - dense: 30/&\n    conv: {filters: 1, kernel: 1}/'
refused 's/  - dense: 30/  - from: 1/'
refused 's/  - dense: 30/  - lif: {tau: 1}/'
refused 's/^train: {/input: {steps: 2, poisson: true, normalise: true}\n&/'
refused 's/^train: {/spiking: {steps: 2}\n&/'
refused 's/rate: \[0.002\]/rate: [0.1, 0.1, 0.1, 0.1]/'
refused 's/^train: {/&rule: ep, ep: {relaxation: block, steps: 10, nudged_steps: 5, beta: 0.5}, /; s/adam/sgd/'
refused 's/loss: cross_entropy, /loss: cross_entropy_steps, /; s/votes: 1/votes: 2/' branch.yaml
refused 's/steps: 2, poisson/steps: 99, poisson/' branch.yaml
refused '/conv:/d; /dense/d' floats.yaml
refused '/norm:/d; /lif:/d; /add:/d; /from:/d; /pool:/d; /readout/d' branch.yaml
train floats.yaml --out x --set layers.4.norm=jiont
train floats.yaml --out x --set layers.9.dense=0
train floats.yaml --out x --set layers.9.dense.unit=3
train floats.yaml --out x --set layers.9.dense.units.all=3
train floats.yaml --out x --set train.batch.all=3
echo "# a value that stands for a section gets more keys"
train branch.yaml --out more --epochs 0 --set layers.1.norm.scale=0.5 --set layers.2.lif.threshold=0.9 --set layers.9.pool.kind=max \
      --set layers.9.pool.pad=1 --set layers.9.pool.pad=0
sed -n '/^layers/,/dense/p' more/config.yaml
train floats.yaml --out x --set layers.9.dense=9 --set layers.6.pool.size=2 --epochs 0
[ "$(grep -c 'size: 2' x/config.yaml)" = 1 ] && grep 'dense:' x/config.yaml
