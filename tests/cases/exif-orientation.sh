# Pictures are turned as their EXIF says: those of the test are then the training's, though they are stored otherwise.
make turned
try data check turned
ends 0
says 'overlap +21 test samples'
silent_about 'doubled'
try data check jpeg
ends 0
says 'test/dark/1.jpg \(as train/dark/1.png\), test/light/1.jpg \(as train/light/1.png\)'
