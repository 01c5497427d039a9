# Man pages and completions: all that --help names, in each of them; what shells and man have to say of them: nothing.
commands=$("$PLANARIA" --help | sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p' | grep -v '^planaria$')
for shell in bash zsh fish; do "$PLANARIA" help --completion $shell >words; mv words $shell; done
"$PLANARIA" help --man >planaria.1
"$PLANARIA" help --man configuration >planaria-configuration.5
for c in $commands; do
    "$PLANARIA" help --man "$c" >"planaria-$c.1"
    grep -q "planaria.*-$c.*(1)" planaria.1 || echo "planaria(1) does not name $c"
    for option in $("$PLANARIA" "$c" --help | sed -n 's/^  *\(-[a-z], \)\{0,1\}--\([a-z-]*\).*/\2/p' | grep -v usage); do
        sed 's/\\-/-/g' "planaria-$c.1" | grep -q -- "--$option\\\\fR" || echo "planaria-$c(1) does not say --$option"
        sed -n "/^    '$c '/p" bash | grep -q -- "--${option}[ \"]" || echo "bash: $c --$option is missing"
        sed -n "/^    ($c)/,/;;/p" zsh | grep -q -- "--${option}[=[]" || echo "zsh: $c --$option is missing"
        [ "$option" = help ] || grep -q "from $c' -l $option " fish || echo "fish: $c --$option is missing"
    done
done
echo "# every environment variable and key"
sed -n '/^## Environment variables/,$p' "$TESTS/../../docs/architecture.md" | grep -o '`[A-Z_]*`' | tr -d '`' | while read -r variable; do
    grep -q "fB$variable" planaria.1 || echo "planaria(1) does not name $variable"
done
for key in train.target 'layers.conv.kernel' prune.method; do grep -c "^.fB$key.fR$" planaria-configuration.5; done
echo "# they are sound"
bash -n bash
if command -v zsh >/dev/null; then zsh -n zsh; fi
if command -v fish >/dev/null; then fish --no-execute fish; fi
if command -v groff >/dev/null; then for page in planaria*.[15]; do groff -man -ww -z -T utf8 "$page"; done; fi
echo "# words completed in bash"
PATH="$(dirname "$PLANARIA"):$PATH" bash -c '
. ./bash
try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _planaria 2>&1; echo "$* -> ${COMPREPLY[*]}"; }
mkdir folder; touch file.yaml
try planaria tr
try planaria train --dr
try planaria train --set prune.meth
try planaria train --set = train.wi
try planaria train --data fo
try planaria train file
try planaria train planaria/fashion-d
try planaria data fe
try planaria help --completion z'
for words in "--man fly" "--completion csh" "--man a b" "--fly"; do
    # shellcheck disable=SC2086
    "$PLANARIA" help $words 2>&1; echo "-> $?"
done
