# Labels of the test that no training sample has are said; so is a held-out share that takes all of a class.
make set
make labels
try data check off-by-one
says 'no training sample has the label 4'
says 'missing +no training sample of the class 4'
says 'missing +no test sample of the class 0'
silent_about 'count from 0'
try data check from-one
ends 0
says 'note: no sample has the label 0: labels count from 0, so there are 5 classes'
try train net.yaml --data rare --out r --set select.validation=0.5
says 'select.validation took all samples of class [23]'
