# A download that failed leaves nothing, and says which files belong where.
try data fetch mnist --mirror http://127.0.0.1:1
ends 1
says 'put these files into .*/mnist'
says '/t10k-labels-idx1-ubyte.gz$'
try data list
says '^mnist +not here'
mkdir -p .cache/planaria/mnist
try data list
says '^mnist +not here'
