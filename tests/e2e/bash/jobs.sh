# SPDX-License-Identifier: Apache-2.0
# Job control without a terminal, process groups, suspending.
set -m
busybox sleep 100 & 
jobs
kill -STOP %1; wait %1 2> /dev/null; echo $?
jobs -s | busybox wc -l
kill -CONT %1; jobs -r | busybox wc -l
kill %1; wait %1; echo $?
(busybox sleep 100) & (busybox sleep 100) &
jobs | busybox wc -l
kill %+ %-; wait; jobs
busybox sleep 100 | busybox cat &
kill -TERM -- -$(jobs -p %%); wait %% 2>/dev/null; echo $?
busybox sleep 0.5 & fg %% > /dev/null; echo $?
busybox sh -c 'kill -STOP $$; exit 3' & wait %% 2> /dev/null; echo $?; bg %% > /dev/null; wait %%; echo $?
disown -a; jobs
set +m
busybox sleep 0.02 & busybox sleep 0.01 & wait; echo done
ulimit -n 64; ulimit -n; ulimit -S -c 0; ulimit -c
(ulimit -v 100000; ulimit -v)
umask 027; umask; umask -S; : > made; busybox stat -c %a made
type times > /dev/null && echo times
suspend_test() { (kill -STOP $BASHPID; echo woken) & local p=$!; while [[ $(busybox cut -d' ' -f3 /proc/$p/stat) != T ]]; do busybox usleep 1000; done; kill -CONT $p; wait $p; echo $?; }
suspend_test
