#!/bin/sh
# A training program in shell and awk that knows nothing of dialin: SGD with momentum on a noisy
# linear model, one line of losses an epoch.
#
#   sh train.sh --lr=0.03 --momentum=0.9 --batch=16 --schedule=cosine --seed 1
set -eu
lr=0.01 momentum=0 batch=16 schedule=constant seed=1 epochs=15
while [ $# -gt 0 ]; do
    case $1 in
    --lr=*) lr=${1#*=} ;;
    --momentum=*) momentum=${1#*=} ;;
    --batch=*) batch=${1#*=} ;;
    --schedule=*) schedule=${1#*=} ;;
    --epochs=*) epochs=${1#*=} ;;
    --seed) seed=$2; shift ;;
    *) echo "train.sh: unknown option $1" >&2; exit 2 ;;
    esac
    shift
done

exec awk -v lr="$lr" -v momentum="$momentum" -v batch="$batch" -v schedule="$schedule" \
    -v seed="$seed" -v epochs="$epochs" '
function noise() { return rand() + rand() + rand() + rand() - 2 }
function predict(row,    j, sum) {
    sum = 0
    for (j = 1; j <= d; j++) sum += w[j] * x[row, j]
    return sum
}
function loss(from, to,    i, sum) {
    sum = 0
    for (i = from; i <= to; i++) sum += (predict(i) - y[i]) ^ 2
    return sum / (to - from + 1)
}
BEGIN {
    d = 8; n = 200; n_train = 150
    srand(42)                                  # the data are the same in every run
    for (j = 1; j <= d; j++) truth[j] = noise()
    for (i = 1; i <= n; i++) {
        y[i] = 0.2 * noise()
        for (j = 1; j <= d; j++) {
            x[i, j] = noise() * (j == 1 ? 3 : 1) # one feature of another scale makes it hard
            y[i] += truth[j] * x[i, j]
        }
    }
    srand(seed)                                # the order of the batches is not
    for (epoch = 1; epoch <= epochs; epoch++) {
        rate = schedule == "cosine" ? lr * (1 + cos(3.14159265 * (epoch - 1) / epochs)) / 2 : lr
        for (step = 1; step <= n_train / batch; step++) {
            for (j = 1; j <= d; j++) gradient[j] = 0
            for (b = 1; b <= batch; b++) {
                row = 1 + int(n_train * rand())
                wrong = predict(row) - y[row]
                for (j = 1; j <= d; j++) gradient[j] += 2 * wrong * x[row, j] / batch
            }
            for (j = 1; j <= d; j++) {
                speed[j] = momentum * speed[j] - rate * gradient[j]
                w[j] += speed[j]
            }
        }
        val = loss(n_train + 1, n)
        if (!(val < 100)) { print "epoch " epoch " diverged" > "/dev/stderr"; exit 3 }
        printf "epoch %d train_loss %.5f val_loss %.5f\n", epoch, loss(1, n_train), val
        fflush()
        system("sleep 0.1")                    # so that there is something to watch
    }
}'
