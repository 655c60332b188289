# SPDX-License-Identifier: Apache-2.0
# The shell itself: pipes, here-documents, jobs, traps, functions, expansion.
f() { local v=$1; echo "f($v) of $#"; return 3; }
f one two
echo "status $?"
x=0
while [ $x -lt 300 ]; do x=$((x + 7)); done
echo $x $((x * x % 1000)) $((1 << 20)) $((0x1f | 64)) $((-7 / 2)) $((7 > 3 && 2 < 1))
for w in a 'b c' "$x"; do echo "<$w>"; done
case banana in *nan*) echo match;; *) echo none;; esac
cat << END
here $x $(echo nested $(echo deeper)) \$x
END
cat <<- 'END'
	quoted $x
	END
s=hello.tar.gz
echo ${s%.*} ${s%%.*} ${s#*.} ${s##*.} ${#s} ${s:1:3} ${s/l/L} ${none:-default} ${s:+set}
set -- 1 2 3 4
shift 2
echo $# "$*" "$@"
(cd /; x=changed; exit 5)
echo "subshell $? $x"
{ echo out; echo err >&2; } 2>&1 | sort
echo one > r; echo two >> r; cat < r; cat r - < /dev/null | wc -l
exec 3> third; echo through three >&3; exec 3>&-; cat third
ls nosuchfile 2> errors; echo "status $?"; wc -l < errors
sh -c 'echo child $0 $1' name argument
true && echo and || echo or
false || echo or
! false && echo not
yes | head -n 1000 | wc -l
seq 1 20000 | sort -rn | sed 1q
trap 'echo got USR1' USR1
kill -USR1 $$
trap 'echo leaving' EXIT
(trap 'echo subshell leaves' EXIT; exit 0)
sleep 0.1 & p=$!
wait $p; echo "waited $?"
(exit 7) & wait $!; echo "background $?"
sleep 5 & kill $!; wait $! 2>/dev/null; echo "killed $?"
for i in 1 2 3 4 5; do (echo $i > job.$i) & done; wait; cat job.*
mkfifo pipe
(sed 's/^/from pipe: /' < pipe) & seq 1 3 > pipe; wait
echo a:b:c | (IFS=: read p q r; echo "$r$q$p")
head -n 2000 words > some; while read -r line; do n=$((n + ${#line})); done < some; echo $n
printf '%05d|%-6s|%x|%c|%s\n' 42 left 255 Z 'a b'
eval 'v=5; echo $((v + 1))'
i=0; until [ $i -eq 3 ]; do i=$((i + 1)); [ $i -eq 2 ] && continue; echo until $i; done
echo *.sh job.[1-3] "*"
test -t 0 || echo "no terminal"
readonly fixed=1
(fixed=2) 2>/dev/null; echo "readonly $?"
type cd | head -n 1
echo "$(printf 'a\nb\n\n')" | wc -l
time true 2>/dev/null
echo $(( $(wc -c < words) / 1024 ))
r() { [ $1 -eq 0 ] && return; echo depth $1; r $(($1 - 1)); }
r 3
rm pipe
set -e
echo before
false
echo never
