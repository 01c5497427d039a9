# The last part of a preset's name is enough; a folder of one's own adds presets; lists can be narrowed.
try presets fashion-demo
ends 0
says '^data: fashion-mnist'
try presets planaria/fashion-dmo
ends 3
says 'did you mean planaria/fashion-demo'
mkdir -p more/mine; printf 'description: a text that is longer than a narrow terminal has columns to show it in\ndata: mine\nlayers:\n  - dense: 4\n' >more/mine/small.yaml
printf 'train:\n  target: labels\n  epochs: 1\n  batch: 8\n  loss: mse\n  optimiser: sgd\n  rate: [0.1]\n' >>more/mine/small.yaml
PLANARIA_PRESETS=$PWD/more; export PLANARIA_PRESETS
try presets
says '^planaria/fashion-demo'
says '^mine/small'
try presets --data mine
ends 0
says '^mine/small'
silent_about '^planaria/'
try presets --minutes 0.5
silent_about '^mine/small'
python3 - "$PLANARIA" >said <<'END'
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.execv(sys.argv[1], [sys.argv[1], "presets", "mine"])
text = b""
try:
    while part := os.read(terminal, 4096):
        text += part
except OSError:
    pass
print("longest", max(len(line.rstrip()) for line in text.decode().split("\n")), text.decode())
END
says '^longest ([1-5][0-9]|60) '
