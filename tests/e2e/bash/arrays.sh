# SPDX-License-Identifier: Apache-2.0
# Arrays, associative arrays, arithmetic, parameter expansion.
a=(one two "three four" [7]=seven)
a+=(eight)
echo "${#a[@]} ${!a[@]}"
printf '<%s>' "${a[@]}" "${a[*]}" "${a[@]:1:2}"; echo
unset 'a[1]'
declare -p a
declare -A colour=([sky]=blue [grass]=green ["a key"]="a value")
colour[sun]=yellow
for k in sky grass sun "a key"; do echo "$k -> ${colour[$k]}"; done
echo "${#colour[@]} ${colour[none]-unset} ${colour[sky]+set}"
declare -n ref=colour; ref[new]=1; echo "${colour[new]}"
echo $((2**62)) $((-7/2)) $((-7%3)) $((0x1f | 8#17)) $((5>3?1<<4:0)) $((i=4, ++i*i--)) $i
echo $((9223372036854775807+1)) $((~0)) $((36#zz)) $((1,2,3))
((x = 5)); ((x += x << 2, x ^= 3)); echo $x; let 'y = x > 3 && x < 100'; echo $y
s="The quick brown fox"
echo "${s#* }|${s##* }|${s%% *}|${s/quick/slow}|${s//o/0}|${s:4:5}|${s: -3}|${#s}|${s^^}|${s,,}|${s~~}"
echo "${undefined:-default} ${undefined:=assigned} $undefined ${s:+alternative}"
v=abc; p=v; echo "${!p} ${v@Q} ${v@U} ${s@A}"
echo {a..e}{1..3} {01..10..3} {z..w} pre{x,y{1,2}}post
set -- a b c; echo "$# $* ${@:2} ${*: -1}"; shift 2; echo "$1 $#"
read -r first rest <<< "alpha beta gamma"; echo "$first|$rest"
mapfile -t lines < <(printf '%s\n' l1 l2 l3); echo "${lines[2]} ${#lines[@]}"
IFS=: read -ra parts <<< "x:y::z"; declare -p parts
printf -v out '%05d|%-8s|%8.3f|%x|%o|%c|%b|%q|%e' 42 left 3.14159 255 8 char 'tab\there' 'needs quoting' 12345.678; echo "$out"
printf '%s=%d\n' a 1 b 2 c; printf '%(%Y-%m-%d)T\n' 0
fib() { local n=$1; ((n < 2)) && { echo $n; return; }; echo $(($(fib $((n-1))) + $(fib $((n-2))))); }
fib 9
sum=0; for ((i = 0; i < 3000; i++)); do ((sum += i * i % 7)); done; echo $sum
