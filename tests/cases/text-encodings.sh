# A byte that is no UTF-8 and a tab are named with their lines; a mark of byte order before a list of samples is no harm.
make texts
try train latin1.yaml --dry-run
ends 3
says 'latin1.yaml:11: byte 0xfc is no UTF-8'
try train tab.yaml --dry-run
ends 3
says 'tab.yaml:5: .* a tab'
make set
try train labels.yaml --data set --out r
ends 0
