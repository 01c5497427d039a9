# Every sound form of a data set is read, every broken one is refused with a sentence.
for set in tiny tiny-gz tiny-npy; do
    "$PLANARIA" data check "$DATA/$set" 2>&1 | sed "s|$DATA|DATA|"
done
for set in cut-plain cut-gz trailer-gz long header-only empty magic rank mislabelled huge five-gigabytes \
           zero counts no-labels sides bomb npy-pickle npy-cut-gz nothing no-such-folder; do
    "$PLANARIA" data check "$DATA/$set" >out 2>err; code=$?
    echo "$set -> $code, $(wc -l <err | tr -d ' ') line: $(sed "s|$DATA|DATA|g" err)$(cat out)"
done
echo "# the bomb is refused long before 300 MB"
python3 - "$PLANARIA" "$DATA/bomb" <<'END'
import resource, subprocess, sys
code = subprocess.run([sys.argv[1], "data", "check", sys.argv[2]], stderr=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 150 << 10)
END
echo "# places"
mkdir -p mine .cache/planaria; cp -r "$DATA/tiny" mine/tiny; cp -r "$DATA/tiny" .cache/planaria/tiny
"$PLANARIA" data check mine 2>&1
PLANARIA_DATA=mine "$PLANARIA" data info tiny | head -1
"$PLANARIA" data info tiny | head -1 | sed "s|$HOME|HOME|"
XDG_CACHE_HOME=/nowhere "$PLANARIA" data info tiny; echo $?
"$PLANARIA" data info mnist 2>&1 | grep -c fetch
