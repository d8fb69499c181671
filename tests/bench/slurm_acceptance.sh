#!/bin/bash
# 100 trials over four nodes of a private Slurm, with pruning; on the way a node goes down and comes back, and the
# tuner is killed. Prints what became of it; status 0 if the budget was met exactly and no job is left.
#   bash tests/bench/slurm_acceptance.sh BUILD [TRIALS]
set -eu
build=$(cd "${1:-build}" && pwd)
trials=${2:-100}
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /var/tmp/dialin-acceptance-XXXXXX)
rig=$work/slurm
export SLURM_CONF=$rig/etc/slurm.conf PATH=$PATH:/usr/sbin
tuner=
finish() {
    if [ -n "$tuner" ]; then kill -KILL "$tuner" 2>/dev/null || true; fi
    bash "$source/tests/support/slurm_stop.sh" -r -p "$rig" >/dev/null
    rm -rf "$work"
}
trap finish EXIT
bash "$source/tests/support/slurm_start.sh" -p "$rig" -P 26000

cat >"$work/train.sh" <<'TRAIN'
for epoch in 1 2 3 4 5 6 7 8; do
    echo "epoch $epoch loss $(awk -v x="$1" -v e=$epoch 'BEGIN { print (x - 0.3) ^ 2 + 1 / e }')"
    sleep 0.5
done
TRAIN
cat >"$work/study.yaml" <<STUDY
study: acceptance
run: sh train.sh {x}
objective: {minimize: loss}
space: {x: {float: [0, 1]}}
pruner: {median: {startup: 8, warmup: 2}}
budget: {trials: $trials}
machine: {parallel: 8, grace: 2s, executor: {slurm: {time: 10, poll_min: 2s, poll_max: 5s}}}
STUDY
cd "$work"

tune() {
    "$build/dialin" run study.yaml --headless >>tuner.log 2>&1 &
    tuner=$!
}
# How many trials have ended.
ended() {
    python3 -c "
import sqlite3
print(sqlite3.connect('file:acceptance.db?mode=ro', uri=True).execute(
    \"SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED', 'FAIL')\").fetchone()[0])" 2>/dev/null || echo 0
}
await() { # COUNT
    while [ "$(ended)" -lt "$1" ]; do
        kill -0 "$tuner" || { tail tuner.log; exit 1; }
        sleep 0.5
    done
}

begin=$(date +%s)
tune
await $((trials * 3 / 10))
echo "$(date +%T) node2 goes down after $(ended) trials"
lost=0
slurmd=$(cat "$rig/run/slurmd-node2.pid")
for job in $(squeue -h -w node2 -t R -o %A); do
    for p in $(pgrep -f "^slurmstepd: \\[$job\\.batch\\]"); do
        tr '\0' '\n' <"/proc/$p/environ" | grep -qx "SLURM_CONF=$SLURM_CONF" || continue
        children=$(pgrep -P "$p" || true)
        kill -KILL "$p"
        for child in $children; do kill -KILL -- "-$(ps -o pgid= -p "$child" | tr -d ' ')" || true; done
        lost=$((lost + 1))
    done
done
kill -KILL "$slurmd"
await $((trials * 6 / 10))
echo "$(date +%T) the tuner is killed after $(ended) trials, with $(squeue -h | wc -l) jobs in the queue"
kill -KILL "$tuner"
wait "$tuner" 2>/dev/null || true
slurmd -N node2
sleep 3
tune
wait "$tuner" || true
tuner=
took=$(($(date +%s) - begin))
sleep 2
left=$(squeue -h | wc -l)
python3 - "$trials" "$left" "$took" "$lost" <<'CHECK'
import collections, sqlite3, sys
trials, left, took, lost = map(int, sys.argv[1:])
db = sqlite3.connect('file:acceptance.db?mode=ro', uri=True)
rows = db.execute('SELECT trial_id, number, state FROM trials ORDER BY number').fetchall()
runs = collections.Counter(r[0] for r in db.execute('SELECT trial_id FROM dialin_runs'))
states = collections.Counter(r[2] for r in rows)
again = sum(1 for n in runs.values() if n > 1)
print(f'{len(rows)} trials in {took} s: {dict(states)}; jobs on the node that went down {lost}, '
      f'trials run again {again}; jobs left {left}')
exact = [r[1] for r in rows] == list(range(trials)) and states['RUNNING'] == 0 and states['FAIL'] == 0
sys.exit(not (exact and left == 0))
CHECK
echo "budget exactly met, no job left"
