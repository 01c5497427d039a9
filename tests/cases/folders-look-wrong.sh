# A folder that is hardly meant as it is taken is told of, and one that is no set says what it lacks.
make own
mv own/unlabelled own/unlabeled
try data check own
ends 0
says "note: the folder 'unlabeled' is taken for a class: .*--unlabelled=unlabeled"
try data check own --unlabelled unlabeled
silent_about 'taken for a class'
cp -r own/bee own/Bee; mkdir own/cow
try data check own
says "note: the classes 'Bee' and 'bee' differ in upper and lower case alone"
says "note: the folder 'cow' holds no .png files itself, and is no class"
rm -r own/Bee own/cow own/unlabeled own/*.png
# Parts: valid/ is one, beside a test it is left out.
mkdir two; cp -r own two/train; cp -r own two/valid
try data check two
ends 0
says '^test +60 samples'
silent_about 'left out'
cp -r two/valid two/test; cp -r two/valid two/more
try data check two
says "note: the folder 'valid' is left out: the test part is 'test'"
says "note: the folder 'more' is left out"
mv two/test/cat two/test/Cat
try data check two
ends 3
says 'test/Cat: there is no class of this name among the training samples; did you mean cat\?'
mv two/test/Cat two/test/catt
try data check two
says 'did you mean cat\?'
mkdir single; mkdir single/train; cp -r own/bee single/train
try data check single
ends 0
says 'all training samples with a label are of one class, 0 \(bee\)'
# What is no set.
mkdir one; cp -r own/bee one
try data check one
ends 3
says "one holds pictures in one folder alone, 'bee': a training wants at least two classes"
try data check one/bee
ends 3
says 'one/bee holds pictures, but nothing says their classes'
mkdir outer; mv own outer
try data check outer
ends 3
says 'outer holds no data set, but outer/own does: name that'
mkdir nothing
try data check nothing
ends 3
says 'nothing is empty'
try data check outer/own/bee/bee1.png
ends 3
says 'is a file: name the folder'
# Several sets in a folder are all named; parts may be called training and testing, and blanks in names are said.
cp -r outer/own outer/two
try data check outer
ends 3
says 'outer holds no data set, but outer/own, outer/two do: name one of these'
mkdir parts; cp -r outer/own parts/training; cp -r outer/own parts/testing
mv parts/training/bee 'parts/training/bee '; mv parts/testing/bee 'parts/testing/bee '
try data check parts
ends 0
says '^training +60 samples'
says '^test +60 samples'
says "the class 'bee ' begins or ends in a blank"
