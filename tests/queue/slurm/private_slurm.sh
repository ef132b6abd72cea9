#!/usr/bin/env bash
# A Slurm of one node for tests: own munge key, own state, own ports, no root services touched.
#
#   private_slurm.sh start DIRECTORY DEVICES    DEVICES: how many; prints the path of the slurm.conf. Needs root.
#   private_slurm.sh stop DIRECTORY
#
# Exit codes: 0; 2 misuse; 3 it cannot be had here, with the reason on stderr.
set -euo pipefail

action=${1:?usage: private_slurm.sh start|stop DIRECTORY [DEVICES]}
directory=${2:?usage: private_slurm.sh start|stop DIRECTORY [DEVICES]}

stop() {
  for name in slurmd slurmctld munged; do
    [ -s "$directory/$name.pid" ] || continue
    pid=$(cat "$directory/$name.pid")
    kill "$pid" 2>/dev/null || true
    # Blocks until it is gone, without looking again and again.
    timeout 10 tail --pid="$pid" -s 0.1 -f /dev/null || kill -9 "$pid" 2>/dev/null || true
  done
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'; }

case "$action" in
  stop) stop; exit 0 ;;
  start) devices=${3:?how many devices} ;;
  *) echo "private_slurm.sh: no action '$action'" >&2; exit 2 ;;
esac

for program in munged slurmctld slurmd srun sbatch scancel squeue sacct; do
  PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || { echo "$program is not installed (packages slurm-wlm, munge)" >&2; exit 3; }
done
[ "$(id -u)" -eq 0 ] || { echo "a private Slurm instance needs root here" >&2; exit 3; }

export PATH=$PATH:/usr/sbin
mkdir -p "$directory"/{munge,state,spool,dev}
chmod 711 "$directory"  # munged wants the path to its socket reachable
chmod 755 "$directory"
dd if=/dev/urandom of="$directory/munge/key" bs=128 count=1 status=none
chmod 600 "$directory/munge/key"
chmod 755 "$directory/munge"
munged --force --key-file="$directory/munge/key" --socket="$directory/munge/socket" --pid-file="$directory/munged.pid" \
  --log-file="$directory/munged.log" --seed-file="$directory/munge/seed" --num-threads=2 || { cat "$directory/munged.log" >&2; exit 3; }

host=$(hostname -s)
for ((i = 0; i < devices; ++i)); do mknod "$directory/dev/nvidia$i" c 1 3; done  # /dev/null's numbers: nobody opens them
cat > "$directory/gres.conf" <<EOF
Name=gpu Type=npu File=$directory/dev/nvidia[0-$((devices - 1))]
EOF
touch "$directory/cgroup.conf"
cat > "$directory/slurm.conf" <<EOF
ClusterName=private
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$directory/munge/socket
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmctldPidFile=$directory/slurmctld.pid
SlurmdPidFile=$directory/slurmd.pid
SlurmctldLogFile=$directory/slurmctld.log
SlurmdLogFile=$directory/slurmd.log
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,batch_sched_delay=0,defer_batch=no
GresTypes=gpu
ReturnToService=2
SlurmctldTimeout=30
MessageTimeout=10
KillWait=2
InactiveLimit=0
MinJobAge=300
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) Gres=gpu:npu:$devices State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:64
EOF
export SLURM_CONF=$directory/slurm.conf
slurmctld -f "$SLURM_CONF" || { cat "$directory/slurmctld.log" >&2; stop; exit 3; }
slurmd -f "$SLURM_CONF" || { cat "$directory/slurmd.log" >&2; stop; exit 3; }
# The first job waits until the node has registered.
if ! timeout 20 srun --quiet true 2> "$directory/first.log"; then
  { echo "the private Slurm instance runs no job:"; cat "$directory/first.log"; tail -5 "$directory/slurmctld.log" "$directory/slurmd.log"; } >&2
  stop
  exit 3
fi
echo "$SLURM_CONF"
