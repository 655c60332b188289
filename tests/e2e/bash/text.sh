# SPDX-License-Identifier: Apache-2.0
# Regular expressions, case, here documents, read, string tests.
re='^([a-z]+)-([0-9]{2,4})(\.(txt|md))?$'
for f in abc-12 abc-1 readme-2024.md x-99.txt X-12; do
    if [[ $f =~ $re ]]; then echo "$f: ${#BASH_REMATCH[@]} ${BASH_REMATCH[1]} ${BASH_REMATCH[2]} ${BASH_REMATCH[4]}"; else echo "$f: no"; fi
done
[[ "a b" == a* ]] && echo glob; [[ b > a && ! ( c < b ) ]] && echo order; [[ -z "" && -n x ]] && echo empty
case foo.tar.gz in *.zip) echo zip;; *.tar.*) echo tar;;& *.gz) echo gz;; esac
case word in w*) echo first;& never) echo fallen;; *) echo not;; esac
cat() { while IFS= read -r line || [[ $line ]]; do printf '%s\n' "$line"; done; }
name=World
cat <<EOF
Hello $name $((1+1)) $(echo sub) \$escaped
EOF
cat <<'EOF'
Raw $name $(no) \n
EOF
cat <<-EOF
	tabs are gone
		here too
	EOF
cat <<< "a here-string of $name"
while IFS=, read -r a b c; do echo "[$c][$b][$a]"; done <<< $'1,2,3\n4,,6\n7,8'
printf 'x\0y\0' | while IFS= read -r -d '' item; do echo "item $item"; done
read -n 3 three <<< abcdef; echo $three; read -d : upto <<< "one:two"; echo $upto
read -t 0 && echo data || echo nothing
echo -e 'a\tb\x41\u00e9\101\e[0m' ; echo -n "no newline"; echo
select_like() { local PS3='? '; select x in red green; do echo "got $x"; break; done; }
select_like <<< 2 2>&1
getopts_like() { while getopts ":ab:c" o; do echo "$o ${OPTARG-}"; done; echo "rest ${@:OPTIND}"; }
getopts_like -a -b value -c -x file1 file2
echo "${BASH_VERSINFO[0]}" ; type -t echo cat if nosuch; echo $?
LC_ALL=C; x=$'caf\xc3\xa9'; echo ${#x}
eval 'z="a b"; set -- $z'; echo $#; IFS=; set -- $z; echo $#; unset IFS
trap 'echo "line $LINENO failed"' ERR; false; true; trap - ERR
f() { echo "${FUNCNAME[0]} $LINENO ${BASH_SOURCE[0]##*/}"; return 3; }; f; echo $?
[ 3 -gt 2 -a ! 2 -gt 3 ] && echo test; test -e /nowhere || echo absent
declare -i n=5; n+=3; echo $n; declare -r fixed=1; (fixed=2) 2>/dev/null || echo readonly; declare -u up=low; echo $up
