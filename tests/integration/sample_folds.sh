#!/bin/sh
# The sample of a cross-validation runs as it stands, with Debian's scikit-learn.
#   sh sample_folds.sh SOURCE BUILD
set -eu
source=$1
build=$2
PATH=/usr/bin:$PATH # the Python that Debian's packages belong to

if ! python3 -c 'import sklearn' 2>/dev/null; then
    echo "skipped: python3-sklearn is not installed"
    exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp -r "$source/samples/folds" "$folder/folds"
cd "$folder/folds"
# two trials, and no fresh folds: each run loads scikit-learn anew
sed -i 's/^budget: .*/budget: {trials: 2}/; /^confirm:/d' study.yaml
"$build/dialin" run study.yaml --headless >run.txt 2>&1 || { cat run.txt; exit 1; }
cat run.txt
"$build/dialin" trials svm-folds.db --csv --columns number,state,accuracy,runs,spread >rows.csv
cat rows.csv
# both complete, by five folds each, above chance
awk -F, 'NR > 1 { n++; if ($2 != "ok" || $3 < 0.05 || $4 != 5 || $5 == "") bad = 1 } END { exit n != 2 || bad }' rows.csv
test -s svm-folds.runs/000001/fold4/stdout
