# SPDX-License-Identifier: Apache-2.0
# Descriptors, pipes, process substitution, globbing over files.
exec 3> out 4>&1; echo to three >&3; echo to four >&4; exec 3>&- 4>&-; read -r l < out; echo "$l"
{ echo stdout; echo stderr >&2; } > both 2>&1; busybox cat both
{ echo a; echo b >&2; } 2>&1 >/dev/null | busybox tr b B
exec {fd}<> file; echo line >&$fd; exec {fd}>&-; busybox wc -c < file
echo append >> file; busybox cat file; set -C; echo x > file || echo kept; echo x >| file; busybox cat file; set +C
echo noise &> /dev/null; cat <(echo one) 2>/dev/null || busybox cat <(echo one) <(echo two)
busybox diff <(printf '1\n2\n3\n') <(printf '1\n3\n'); echo $?
echo "through" > >(busybox sed 's/^/>> /'); busybox sleep 0.05
busybox tee >(busybox wc -c > count) <<< 12345 > /dev/null; busybox sleep 0.05; busybox cat count
echo {1..500} | busybox tr ' ' '\n' | busybox sort -rn | busybox head -n 3 | busybox paste -s -d+
while read -r n; do echo "n$n"; done < <(busybox seq 3)
busybox seq 20000 | busybox md5sum; busybox seq 20000 | { read -r x; read -r y; echo "$x $y"; busybox tail -n 1; }
busybox mkdir -p tree/{a,b/{c,d}} ; : > tree/a/1.txt; : > tree/b/2.txt; : > tree/b/c/3.md; : > tree/b/d/.hidden; : > "tree/with space"
echo tree/*; echo tree/*/*.txt; shopt -s globstar nullglob; echo tree/**; echo tree/**/*.md; echo none*; shopt -u nullglob
shopt -s extglob
for f in 1.txt 2.txt a.md ab.md; do case $f in !(*.txt)) echo "not $f";; +([0-9]).txt) echo "num $f";; esac; done
echo tree/@(a|b)/*; echo tree/?(a)/*; shopt -s dotglob; echo tree/b/d/*; echo none*
cd tree/b && cd .. && [[ $PWD -ef . ]] && echo pwd; cd ..; pushd tree > /dev/null; popd > /dev/null; cd - > /dev/null; cd ..
busybox mkfifo pipe; busybox cat pipe & echo fifo > pipe; wait; [[ -p pipe ]] && echo is
busybox ln -s tree/a/1.txt link; [[ -L link && -f link ]] && busybox readlink link; [[ tree -nt nothing ]] && echo newer
exec 5< <(busybox seq 5); read -r -u 5 q; read -r -u 5 r; echo $q $r; exec 5<&-
echo "$(< both)"; . ./sourced 2>/dev/null || echo no source; echo 'v=from; return 4' > sourced; . ./sourced; echo $? $v
[[ -t 0 || -t 1 ]] || echo no terminal; echo x | { [[ -p /dev/stdin ]] && echo piped; }
printf '%s\n' "${BASH_SOURCE[0]##*/}" "$0" | busybox sed 's|.*/||'
busybox find tree -type f | busybox sort; busybox rm -r tree; [[ -d tree ]] || echo gone; exit 0
