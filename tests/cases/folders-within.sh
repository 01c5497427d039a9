# Pictures in folders within those of the classes and of what has no label are read, those beside the parts are told of.
make own
mkdir -p own/unlabelled/2024/may own/cat/more
mv own/unlabelled/bee?.png own/unlabelled/2024/may; mv own/cat/cat1.png own/cat/more
ln -s .. own/cat/more/again
try data check own
ends 0
says '120 samples of 8x8 bytes .* 60 labelled'
says '^classes +bee:20 cat:20 dog:20'
# The folder of a run has pictures of its own, and is none that has others.
for run in own/run own/cat/run; do mkdir $run; cp own/cat/cat0.png $run/fields.png; touch $run/manifest.json $run/config.yaml; done
try data check own
says '120 samples of 8x8 bytes .* 60 labelled'
try train planaria/fashion-demo --data own --out own/bee
ends 1
says 'own/bee holds pictures that are none of a run: name another folder by --out'
rm -r own/run own/cat/run
try train planaria/fashion-demo --data own --out r --epochs 0 --no-eval
ends 0
cp own/bee/bee0.png r/plot.png
try train r --resume
ends 0
mkdir parts; cp -r own parts/train; rm parts/train/*.png; cp -r own/bee parts/test
cp -r own/bee/bee0.png parts
mkdir parts/test/bee; mv parts/test/*.png parts/test/bee
try data check parts
ends 0
says '90 samples of 8x8 bytes .* 60 labelled'
says "note: the files beside the folder 'train' are left out: those without a label belong into 'unlabelled'"
