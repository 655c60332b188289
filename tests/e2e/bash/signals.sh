# SPDX-License-Identifier: Apache-2.0
# Traps, signals, exit statuses of every kind.
trap 'echo usr1' USR1; kill -USR1 $$; echo after
trap 'echo chld >> trapped' CHLD; (exit 3); busybox true; wait; trap - CHLD; [[ -s trapped ]] && echo children; busybox rm trapped
(trap 'echo leaving $?' EXIT; exit 4); echo $?
(trap 'echo term; exit 9' TERM; kill -TERM $BASHPID; echo not reached); echo $?
for s in HUP INT QUIT ILL ABRT FPE KILL SEGV PIPE ALRM TERM USR2 XCPU; do { (kill -$s $BASHPID; exit 0); r=$?; } 2>/dev/null; echo "$s $r"; done
nosuchcommand; echo $?
./folder-that-is-not; echo $?
echo 'echo script $1' > script; ./script a; echo $?; busybox chmod +x script; ./script b; echo $?
echo '#!/nowhere/interpreter' > bad; busybox chmod +x bad; ./bad; echo $?
busybox mkdir -p folder; ./folder; echo $?
: > empty; busybox chmod +x empty; ./empty; echo $?
busybox yes | busybox head -n 2; echo "${PIPESTATUS[@]}"
set -o pipefail; false | true; echo $?; set +o pipefail
busybox sleep 100 & kill $!; wait $!; echo $?
busybox sleep 100 & p=$!; { kill -9 $p; wait $p; r=$?; } 2>/dev/null; echo $r
(exit 7) & wait $!; echo $?
(busybox sleep 0.05; exit 5) & (exit 6) & wait -n; echo $?; wait -n; echo $?; wait -n; echo $?
for i in 1 2 3; do (exit $i) & pids[i]=$!; done; for i in 3 1 2; do wait ${pids[i]}; echo $?; done
trap 'echo int; trap - INT' INT; kill -INT $$; echo on
trap '' TERM; kill -TERM $$; echo ignored; bash_trap=$(trap -p TERM); echo "$bash_trap"
busybox sh -c 'kill -TERM $$; echo inherited'; trap - TERM
( set -e; false; echo not reached ); echo $?
( set -u; echo $undefined_variable; echo not reached ) 2>/dev/null; echo $?
x=$(exit 12); echo $?; ! true; echo $?; (return 2) 2>/dev/null; echo $?
coproc ECHO { while read -r l; do echo "co: $l"; done; }
echo hello >&${ECHO[1]}; read -r answer <&${ECHO[0]}; echo "$answer"
eval "exec ${ECHO[1]}>&-"; wait $ECHO_PID; echo $?
read -t 0.05 nothing < <(busybox sleep 1); echo $(( $? > 128 ))
trap 'echo "exit $?"; trap - EXIT; exit 0' EXIT; kill -l 9 15; kill -l TERM; exit 11
