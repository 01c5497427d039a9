# Configurations that are called alike in every folder have runs of their own.
make set
mkdir one two; cp net.yaml one/best.yaml; cp net.yaml two/best.yaml
try train one/best.yaml --data set
ends 0
try train two/best.yaml --data set
ends 0
for run in one two; do
    [ -f runs/$run-best-seed1/result.json ] || wrong "there should be a run $run-best-seed1"
done
