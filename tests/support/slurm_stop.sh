#!/bin/bash
# slurm_stop.sh [-p PREFIX] [-r]
# Stops exactly the daemons that slurm_start.sh started under PREFIX, by pid
# file (and the job step daemons whose command line names a node of ours and
# whose spool lies under PREFIX).  -r removes PREFIX afterwards.
set -uo pipefail
PREFIX=${SLURM_TEST_PREFIX:-/var/lib/dialin-slurm} RM=0
while getopts p:r o; do
    case $o in p) PREFIX=$OPTARG ;; r) RM=1 ;; *) sed -n '2,5p' "$0" >&2; exit 2 ;; esac
done
case $PREFIX in /*) ;; *) PREFIX=$PWD/$PREFIX ;; esac
[ -d "$PREFIX/run" ] || { echo "slurm_stop: nothing under $PREFIX"; exit 0; }
export SLURM_CONF=$PREFIX/etc/slurm.conf LC_ALL=C PATH=$PATH:/usr/sbin:/sbin

stop() { # pidfile name
    local p k
    [ -s "$1" ] || return 0
    p=$(cat "$1")
    case $(cat "/proc/$p/comm" 2>/dev/null) in "$2"*) ;; *) rm -f "$1"; return 0 ;; esac
    kill -TERM "$p" 2>/dev/null
    for ((k = 0; k < 100; k++)); do [ -d "/proc/$p" ] || break; sleep 0.1; done
    [ -d "/proc/$p" ] && { kill -KILL "$p"; echo "slurm_stop: $2 ($p) needed KILL"; }
    rm -f "$1"; return 0
}
# end running jobs first, so that no job step daemon is left behind
if [ -s "$PREFIX/run/slurmctld.pid" ] && [ -d "/proc/$(cat "$PREFIX/run/slurmctld.pid")" ]; then
    timeout 10 squeue -h -r -t PD,R,S -o %A 2>/dev/null | xargs -r timeout 30 scancel -f >/dev/null 2>&1
    for ((k = 0; k < 80; k++)); do
        [ -z "$(timeout 5 squeue -h -t R,CG 2>/dev/null)" ] && break
        sleep 0.1
    done
fi
for f in "$PREFIX"/run/slurmd-*.pid; do [ -e "$f" ] && stop "$f" slurmd; done
stop "$PREFIX/run/slurmctld.pid" slurmctld
stop "$PREFIX/run/slurmdbd.pid" slurmdbd
stop "$PREFIX/run/mariadbd.pid" mariadbd
stop "$PREFIX/run/munged.pid" munged
# job step daemons that outlived their slurmd (jobs that ignore TERM)
for d in /proc/[0-9]*; do
    p=${d#/proc/}
    case $(cat "$d/comm" 2>/dev/null) in slurmstepd) ;; *) continue ;; esac
    tr '\0' '\n' <"$d/environ" 2>/dev/null | grep -qxF "SLURM_CONF=$SLURM_CONF" && kill -KILL "$p" 2>/dev/null
done
rm -f "$PREFIX/run/munge.socket" "$PREFIX/run/munge.socket.lock"
[ $RM = 1 ] && rm -rf "$PREFIX"
echo "slurm_stop: stopped"
