# A command that is nearly right is guessed at.
try trian
ends 2
says 'did you mean train'
try help data
ends 0
says 'Usage: planaria data'
