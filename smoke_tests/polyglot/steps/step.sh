#!/usr/bin/env bash
# step.sh FROM TO: one step of the relay.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
curl --noproxy '*' -sSf -o "$here/data" "$1"
total=$(od -An -v -tu1 "$here/data" | awk '{ for (i = 1; i <= NF; i++) sum += $i } END { print sum }')
line="bash ${BASH_VERSION%%(*} $total"
echo "$line" >> "$here/data"
curl --noproxy '*' -sSf -T "$here/data" "$2"
echo "$line"
