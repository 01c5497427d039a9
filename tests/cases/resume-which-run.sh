# A folder that does not say which run it is goes on with none; one that does, goes on by its name, and says what differs.
make set
try train net.yaml --data set --out r --seed 3 --limit 32
ends 0
try train net.yaml --data set --out r --seed 3 --limit 32 --resume --set train.rate=[0.2]
ends 3
says 'train.rate.* \(was 0.1, is 0.2\)'
try train r
ends 2
says '--resume goes on with it'
try train r --resume --epochs 2
ends 0
"$PLANARIA" train net.yaml --data set --out straight --seed 3 --limit 32 --epochs 2 >said 2>&1
try report r -o page.html
grep -q '<pre>planaria train net.yaml --data set --out r --seed 3 --limit 32 --epochs 2</pre>' page.html || wrong "the report should say how to repeat the run"
try train r --resume
ends 0
says 'r has finished its 2 epochs: there was nothing to do; --epochs'
cp r/config.yaml kept
sed -i 's/0\.1/0.3/' r/config.yaml
for epochs in '' '--epochs 5'; do
    # shellcheck disable=SC2086
    try train r --resume $epochs
    ends 3
    says 'r/config.yaml was changed after the run began, and says another run now'
    silent_about stop_after
done
cp kept r/config.yaml
cp -r r longer
sed -i '/stop_after/d; s/epochs: 1/epochs: 3/' longer/config.yaml
try train longer --resume
ends 0
says 'longer had finished with 2 epochs, and goes on to the 3 that longer/config.yaml says now'
cmp r/model.safetensors straight/model.safetensors || wrong "it should be the model of one run of two epochs"
# Data that have been moved are named in it from then on, however they were named before.
"$PLANARIA" train net.yaml --data=set --out moved --seed 3 --limit 32 >said 2>&1
cp -r set there
try train moved --resume --epochs 2 --data there
ends 0
try report moved -o page.html
grep -q '<pre>planaria train net.yaml --out moved --seed 3 --limit 32 --epochs 2 --data there</pre>' page.html || wrong "the report should name the data as they were given last"
rm r/manifest.json r/checkpoint.safetensors
try train net.yaml --data set --out r --seed 7 --resume
ends 3
says 'no manifest.json'
# A name is no command, and what it began with is found from elsewhere, too.
try train net.yaml --data set --out prune --from straight --tensorboard
ends 0
mkdir elsewhere; cd elsewhere || exit 1
rm ../prune/events.out.tfevents.planaria
try train ../prune --resume --epochs 2
ends 0
[ -f ../prune/events.out.tfevents.planaria ] || wrong "it should write the figures for TensorBoard as before"
