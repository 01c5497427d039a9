#!/bin/sh
# Writes the man pages and the completions of shells that the command prints of itself.
#
#   tools/manual.sh PLANARIA FOLDER
set -eu

[ $# = 2 ] || { echo "usage: tools/manual.sh PLANARIA FOLDER" >&2; exit 2; }
planaria=$1 folder=$2

rm -rf "$folder"
mkdir -p "$folder/man/man1" "$folder/man/man5" "$folder/bash" "$folder/zsh" "$folder/fish"
"$planaria" help --man >"$folder/man/man1/planaria.1"
"$planaria" help --man configuration >"$folder/man/man5/planaria-configuration.5"
for command in $("$planaria" --help | sed -n 's/^  \([a-z][a-z]*\)  *[a-z].*/\1/p'); do
    [ "$command" = planaria ] || "$planaria" help --man "$command" >"$folder/man/man1/planaria-$command.1"
done
"$planaria" help --completion bash >"$folder/bash/planaria"
"$planaria" help --completion zsh >"$folder/zsh/_planaria"
"$planaria" help --completion fish >"$folder/fish/planaria.fish"
touch "$folder/done"
