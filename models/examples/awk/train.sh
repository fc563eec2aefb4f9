# A linear regression with nothing but sh and awk: proof that any language will do. Reads train.csv, writes model.onnx.
set -eu
LC_ALL=C
export LC_ALL

# "name": "…", "kind": "…" of each feature, a line each, and the ridge of params.json; both files have a key a line.
kinds=$(sed -n '/"features"/,/\]/p' columns.json | tr -d ' ",' | sed -n 's/^name:\(.*\)/\1/p; s/^kind:\(.*\)/=\1/p' | paste -d '\0' - -)
ridge=$(tr -d ' ,' < params.json | sed -n 's/^"ridge"://p')

awk -F, -v kinds="$kinds" -v ridge="$ridge" -f fit.awk train.csv > weights.tsv
# Bytes leave awk as octal escapes, which printf of the shell turns into bytes, zeros too.
awk -F '\t' -f onnx.awk weights.tsv | while IFS= read -r octal; do printf "$octal"; done > model.onnx
