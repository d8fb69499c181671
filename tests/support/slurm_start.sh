#!/bin/bash
# slurm_start.sh - private throw-away Slurm cluster on one host, for testing
# the Slurm executor.  Needs root and a Debian/Ubuntu with apt (or Slurm and
# munge already installed).  No systemd, no cgroups, no terminal needed.
# Safe to run twice: daemons already alive are left alone.
#
#   slurm_start.sh [-p PREFIX] [-n NODES] [-c CPUS_PER_NODE] [-m MB_PER_NODE]
#                  [-g FAKE_GPUS_PER_NODE] [-P BASE_PORT] [-d] [-s] [-f]
#
#   -p  directory for config, keys, state, logs, pid files
#       (default $SLURM_TEST_PREFIX, else /var/lib/dialin-slurm)
#   -n  number of slurmd nodes on this host (default 4)
#   -c  fake CPUs per node (default 2)       -m  fake MB per node (default 2000)
#   -g  fake GPUs per node (default 2)       -P  first TCP port (default 26817)
#   -d  with accounting: MariaDB + slurmdbd, so that sacct works
#   -s  stock scheduling (batch jobs wait up to 3 s for the next pass, as on a
#       real cluster); without it batch_sched_delay=0: jobs start in ~0.2 s
#   -f  throw away the state of an earlier run (only when stopped)
#
# Afterwards:  . PREFIX/env.sh     (sets SLURM_CONF; nothing else is needed)
# Extra lines for slurm.conf: environment variable SLURM_TEST_EXTRA_CONF.
set -euo pipefail
umask 022
export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
for v in ${!SINFO_@} ${!SQUEUE_@} SLURM_CLUSTERS SLURM_TIME_FORMAT; do unset "$v"; done
PREFIX=${SLURM_TEST_PREFIX:-/var/lib/dialin-slurm}
NODES=4 CPUS=2 MEM=2000 GPUS=2 PORT=26817 DBD=0 FRESH=0 STOCK=0
while getopts p:n:c:m:g:P:dsf o; do
    case $o in
        p) PREFIX=$OPTARG ;; n) NODES=$OPTARG ;; c) CPUS=$OPTARG ;;
        m) MEM=$OPTARG ;; g) GPUS=$OPTARG ;; P) PORT=$OPTARG ;;
        d) DBD=1 ;; s) STOCK=1 ;; f) FRESH=1 ;;
        *) sed -n '2,22p' "$0" >&2; exit 2 ;;
    esac
done
say() { printf 'slurm_start: %s\n' "$*"; }
die() { printf 'slurm_start: %s\n' "$*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "needs root"
case $PREFIX in /*) ;; *) PREFIX=$PWD/$PREFIX ;; esac
[ ${#PREFIX} -le 80 ] || die "prefix too long for a UNIX socket path: $PREFIX"
T0=$(date +%s%N)

# ---- packages --------------------------------------------------------------
need=()
command -v munged >/dev/null || need+=(munge)
command -v slurmctld >/dev/null && command -v slurmd >/dev/null &&
    command -v sbatch >/dev/null || need+=(slurm-wlm)
if [ $DBD = 1 ]; then
    command -v slurmdbd >/dev/null || need+=(slurmdbd)
    command -v mariadbd >/dev/null || need+=(mariadb-server)
fi
if [ ${#need[@]} -gt 0 ]; then
    say "installing ${need[*]}"
    # keep the packages from starting daemons of their own
    made=0
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d; made=1
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    fi
    inst() { apt-get install -y -qq --no-install-recommends "${need[@]}" </dev/null >/dev/null 2>&1; }
    inst || { apt-get update -qq </dev/null && inst; } || die "apt-get install ${need[*]} failed"
    [ $made = 0 ] || { rm -f /usr/sbin/policy-rc.d; trap - EXIT; }
fi

# ---- directories -----------------------------------------------------------
alive() { # pidfile name: true if that pid lives and is that program
    local p
    [ -s "$1" ] && p=$(cat "$1") && [ -r "/proc/$p/comm" ] &&
        case $(cat "/proc/$p/comm") in "$2"*) return 0 ;; esac
    return 1
}
any=0
for f in "$PREFIX"/run/*.pid; do
    [ -e "$f" ] || continue
    b=$(basename "$f" .pid); b=${b%%-*}
    if alive "$f" "$b"; then any=1; fi
done
if [ $FRESH = 1 ]; then
    [ $any = 0 ] || die "-f: daemons still run under $PREFIX (slurm_stop.sh first)"
    rm -rf "$PREFIX/state" "$PREFIX/spool" "$PREFIX/log" "$PREFIX/run" "$PREFIX/etc" "$PREFIX/db"
fi
mkdir -p "$PREFIX"/{etc,run,log,state,spool,munge,gpu}
chmod 755 "$PREFIX" "$PREFIX"/{etc,run,log,state,spool,gpu}; chmod 700 "$PREFIX/munge"
HOST=$(hostname -s)

# ---- munge: private key, private socket ------------------------------------
[ -s "$PREFIX/munge/key" ] || { head -c 128 /dev/urandom >"$PREFIX/munge/key"; chmod 600 "$PREFIX/munge/key"; }
MSOCK=$PREFIX/run/munge.socket
if ! alive "$PREFIX/run/munged.pid" munged; then
    rm -f "$MSOCK" "$MSOCK.lock"
    munged --force --key-file="$PREFIX/munge/key" --socket="$MSOCK" \
        --pid-file="$PREFIX/run/munged.pid" --log-file="$PREFIX/log/munged.log" \
        --seed-file="$PREFIX/munge/seed" </dev/null >/dev/null 2>&1 || die "munged did not start, see $PREFIX/log/munged.log"
fi
munge -n -S "$MSOCK" | unmunge -S "$MSOCK" >/dev/null || die "munge self-test failed"

# ---- configuration ---------------------------------------------------------
P_CTLD=$PORT P_DBD=$((PORT + 1)) P_SQL=$((PORT + 2)) P_NODE=$((PORT + 10))
P_SRUN=$((PORT + 100))
if [ $any = 0 ]; then
    if [ $DBD = 1 ]; then
        ACCT="AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$P_DBD
AccountingStoragePass=$MSOCK
AccountingStoreFlags=job_comment,job_env,job_script
AccountingStorageTRES=gres/gpu"
    else
        ACCT="AccountingStorageType=accounting_storage/none"
    fi
    : >"$PREFIX/etc/gres.conf"
    # Slurm insists on device files: links to the null device will do
    for ((g = 0; g < GPUS; g++)); do ln -sfn /dev/null "$PREFIX/gpu/dev$g"; done
    GRES="" GTYPES="" SCHED=""
    [ $STOCK = 1 ] || SCHED="SchedulerParameters=batch_sched_delay=0"
    if [ "$GPUS" -gt 0 ]; then
        GRES=" Gres=gpu:fake:$GPUS" GTYPES="GresTypes=gpu"
        echo "Name=gpu Type=fake File=$PREFIX/gpu/dev[0-$((GPUS - 1))]" >"$PREFIX/etc/gres.conf"
    fi
    {
        cat <<CONF
ClusterName=dialintest
SlurmctldHost=$HOST(127.0.0.1)
SlurmctldPort=$P_CTLD
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$MSOCK
CredType=cred/munge
StateSaveLocation=$PREFIX/state
SlurmdSpoolDir=$PREFIX/spool/%n
SlurmctldPidFile=$PREFIX/run/slurmctld.pid
SlurmdPidFile=$PREFIX/run/slurmd-%n.pid
SlurmctldLogFile=$PREFIX/log/slurmctld.log
SlurmdLogFile=$PREFIX/log/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
SrunPortRange=$P_SRUN-$((P_SRUN + 200))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=$((MEM / CPUS / 4))
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MinJobAge=300
SlurmdTimeout=15
SlurmctldTimeout=10
InactiveLimit=0
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerType=sched/backfill
$SCHED
JobCompType=jobcomp/filetxt
JobCompLoc=$PREFIX/log/jobcomp.log
$GTYPES
$ACCT
NodeName=DEFAULT CPUs=$CPUS RealMemory=$MEM State=UNKNOWN$GRES
CONF
        for ((i = 1; i <= NODES; i++)); do
            echo "NodeName=node$i NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((P_NODE + i))"
        done
        cat <<CONF
PartitionName=DEFAULT Nodes=ALL State=UP MaxTime=INFINITE DefaultTime=60
PartitionName=debug Default=YES PriorityTier=10 PreemptMode=OFF
PartitionName=low PriorityTier=1 PreemptMode=REQUEUE
PartitionName=scavenge PriorityTier=1 PreemptMode=CANCEL GraceTime=3
PartitionName=short PriorityTier=10 MaxTime=5 PreemptMode=OFF
PartitionName=down State=DOWN
${SLURM_TEST_EXTRA_CONF:-}
CONF
    } >"$PREFIX/etc/slurm.conf"
fi
export SLURM_CONF=$PREFIX/etc/slurm.conf
cat >"$PREFIX/env.sh" <<CONF
export SLURM_CONF=$SLURM_CONF
CONF

# ---- accounting daemons ----------------------------------------------------
if grep -q '^AccountingStorageType=accounting_storage/slurmdbd' "$SLURM_CONF"; then
    if ! alive "$PREFIX/run/mariadbd.pid" mariadbd; then
        if [ ! -d "$PREFIX/db/mysql" ]; then
            mkdir -p "$PREFIX/db"
            mariadb-install-db --no-defaults --user=root --datadir="$PREFIX/db" \
                --auth-root-authentication-method=socket --skip-test-db >"$PREFIX/log/mariadb-install.log" 2>&1 || die "mariadb-install-db failed"
        fi
        setsid mariadbd --no-defaults --user=root --datadir="$PREFIX/db" --bind-address=127.0.0.1 \
            --port=$P_SQL --socket="$PREFIX/run/mysql.sock" --pid-file="$PREFIX/run/mariadbd.pid" \
            --log-error="$PREFIX/log/mariadbd.log" --innodb-buffer-pool-size=64M \
            --innodb-lock-wait-timeout=900 </dev/null >/dev/null 2>&1 &
        for ((k = 0; k < 300; k++)); do
            mariadb --no-defaults -uroot -S "$PREFIX/run/mysql.sock" -e 'select 1' >/dev/null 2>&1 && break
            sleep 0.1
        done
        mariadb --no-defaults -uroot -S "$PREFIX/run/mysql.sock" -e "create database if not exists slurm_acct_db;
            create user if not exists slurm@127.0.0.1 identified by 'slurm';
            grant all on slurm_acct_db.* to slurm@127.0.0.1;" || die "MariaDB did not come up"
    fi
    if ! alive "$PREFIX/run/slurmdbd.pid" slurmdbd; then
        cat >"$PREFIX/etc/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$MSOCK
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$P_DBD
SlurmUser=root
PidFile=$PREFIX/run/slurmdbd.pid
LogFile=$PREFIX/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$P_SQL
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
CONF
        chmod 600 "$PREFIX/etc/slurmdbd.conf"
        slurmdbd </dev/null >/dev/null 2>&1 || die "slurmdbd did not start, see $PREFIX/log/slurmdbd.log"
        for ((k = 0; k < 20; k++)); do timeout 3 sacctmgr -n -i show cluster </dev/null >/dev/null 2>&1 && break; sleep 0.5; done
        [ $k -lt 20 ] || die "slurmdbd does not answer, see $PREFIX/log/slurmdbd.log"
        timeout 5 sacctmgr -n show cluster dialintest format=cluster </dev/null 2>/dev/null | grep -q dialintest ||
            timeout 10 sacctmgr -i add cluster dialintest </dev/null >/dev/null
    fi
fi

# ---- slurmctld, slurmd -----------------------------------------------------
if ! alive "$PREFIX/run/slurmctld.pid" slurmctld; then
    slurmctld </dev/null >/dev/null 2>&1 || die "slurmctld did not start, see $PREFIX/log/slurmctld.log"
fi
for n in $(sed -n 's/^NodeName=\(node[0-9]*\) .*/\1/p' "$SLURM_CONF"); do
    alive "$PREFIX/run/slurmd-$n.pid" slurmd && continue
    mkdir -p "$PREFIX/spool/$n"
    slurmd -N "$n" </dev/null >/dev/null 2>&1 || die "slurmd -N $n did not start, see $PREFIX/log/slurmd-$n.log"
done

# ---- wait ------------------------------------------------------------------
want=$(grep -c '^NodeName=node' "$SLURM_CONF")
ok=0
for ((k = 0; k < 300; k++)); do
    got=$(timeout 5 sinfo -h -N -p debug -o '%N %T' 2>/dev/null | grep -cE ' (idle|mixed|allocated|completing)$' || true)
    [ "$got" = "$want" ] && { ok=1; break; }
    sleep 0.1
done
[ $ok = 1 ] || { sinfo -N -l >&2 || true; die "only $got of $want nodes up, see $PREFIX/log"; }
say "up in $(( ($(date +%s%N) - T0) / 1000000 )) ms: $(slurmctld -V), $want nodes"
sinfo -h -p debug -o '  %P %D nodes %T, %c CPUs, %m MB, gres %G'
cat <<CONF
Use it:   . $PREFIX/env.sh
          sbatch --parsable -o out.txt --wrap 'hostname; sleep 5'
          squeue; scontrol show job -o JOBID; cat $PREFIX/log/jobcomp.log
Stop it:  slurm_stop.sh -p $PREFIX
CONF
