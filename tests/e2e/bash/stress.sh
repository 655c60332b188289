# SPDX-License-Identifier: Apache-2.0
# Some hundred processes, deep pipes, big data through them.
n=0; for i in {1..60}; do x=$(echo $i); ((n += x)); done; echo $n
for i in {1..40}; do busybox true; done; echo $?
for i in {1..40}; do (exit $((i % 5))) & done; wait; echo all
p=; for i in {1..24}; do p+='| busybox cat '; done; eval "echo through twenty-four $p"
f() { (($1)) && (f $(($1 - 1))) || echo bottom $BASH_SUBSHELL; }; f 30
busybox dd if=/dev/zero bs=64k count=8 2>/dev/null | busybox cat | busybox cat | busybox wc -c
s=$(busybox seq 1 4000); echo ${#s}; echo "$s" | busybox sha256sum
a=($s); echo ${#a[@]} ${a[3999]}; printf '%s ' "${a[@]}" | busybox md5sum
busybox seq 3000 | while read -r i; do ((i % 1000)) || echo $i; done
busybox echo "${a[@]}" "${a[@]}" "${a[@]}" | busybox wc
big=$(printf '%0150000d' 7); { busybox echo "$big"; r=$?; } 2> /dev/null; echo $r
for i in {1..10}; do busybox seq $i & done | busybox sort -n | busybox uniq -c | busybox head -n 3; wait
busybox yes word | busybox head -c 100000 | busybox sort | busybox uniq -c
str=; for ((i = 0; i < 1000; i++)); do str+=$((i % 10)); done; echo ${#str} ${str:990}
declare -A seen; for w in $(busybox seq 1 400); do seen[$((w * w % 97))]=$w; done; echo ${#seen[@]} $(printf '%s\n' "${!seen[@]}" | busybox sort -n | busybox tail -n 1)
