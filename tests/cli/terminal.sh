# At a terminal there is a bar, which goes away; elsewhere there are no control characters.
sed 's/epochs: 6$/epochs: 1000/; s/at: .*/at: [1000]/; s/dense: 40/dense: 400/; /^classifier/,$d' "$TESTS/tiny.yaml" |
    sed '/fractions/d' > long.yaml
cat > at_terminal.py <<'END'
import os, pty, re, sys
variables, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    environment = {**os.environ, **dict(v.split("=") for v in variables.split())}
    os.execve(command[0], command, environment)
text = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    text += part
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
lines = re.findall(rb"\r\x1b\[K[^\r]*", text)
bars = [b for b in lines if b"%" in b and (b"#" in b or b"...." in b)]
print("->", code, "bars:", "some" if len(bars) > 2 else len(bars),
      "coloured:", any(b"\x1b[32m" in b for b in bars),
      "times:", any(re.search(rb"\d:\d\d left", b) for b in bars),
      "cleared:", not bars or text.rindex(b"\r\x1b[K") > text.rindex(bars[-1]),
      "last epoch:", any(b"100 %" in b and b"epoch 1000 of 1000" in b for b in bars),
      "control characters:", b"\x1b" in text)
END
at_terminal() { python3 at_terminal.py "$1" "$PLANARIA" train long.yaml --data "$DATA" --out r --force; }
at_terminal "TERM=xterm"
at_terminal "TERM=xterm NO_COLOR=1"
at_terminal "TERM=dumb"
"$PLANARIA" train long.yaml --data "$DATA" --out r --force >out 2>err; echo "-> $? $(cat out err | tr -d -c '\033\r' | wc -c) control characters"
