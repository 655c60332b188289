# SPDX-License-Identifier: Apache-2.0
# awk, sed and grep: small languages, big inputs.
awk -F , '{ n[$3]++; sum[$3] += $2 } END { for (k in n) print k, n[k], sum[k] }' table | sort
head -n 20000 words > some
awk 'length($0) > 9 { c++ } END { print c + 0, NR }' words
awk -F , 'NR % 4000 == 0 { printf "%5d|%-8s|%8.3f|%x\n", NR, $3, $2 / 7, $2 }' table
awk 'BEGIN { x = 1; for (i = 0; i < 200; i++) x = (x * 16807) % 2147483647; print x; printf "%.6g %.6g %.6g\n", sin(1), exp(2), log(10); print substr("abcdef", 3, 2), index("banana", "nan"), toupper("x") }'
awk '{ gsub(/[aeiou]/, "<&>"); if (NR <= 3) print }' some
awk 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } BEGIN { print f(15) }'
awk -F , '$1 == 77 { split($0, p, ","); print p[3], p[1] | "read line; echo got $line" }' table
sed -n '100,102p' words
sed -e 's/a\(.\)/[\1]/g' -e '/^b/d' some | md5sum
sed '$!d' table
sed -n '/,red,/{s//;RED;/;p;q}' table
sed -E 's/^([0-9]+),([0-9]+)/\2;\1/' table | tail -n 2
sed 's/x/y/;ta;d;:a;N;P;D' some | md5sum
cp some edited
sed -i '1,10s/^/# /' edited
head -n 11 edited | tail -n 2
grep -c '^ab' words
grep -E '(red|blue),[0-9]*7$' table | wc -l
grep -n -m 3 'zz' words
grep -v -i 'E' some | wc -l
grep -o '[0-9]*,green' table | head -n 2
grep -F -x "$(head -n 1 words)" words | sort -u
grep -q nosuchword words
echo "status $?"
mkdir -p deep/er
cp table deep/er/one
head -n 50 words > deep/two
grep -r -c 'a' deep | sort
grep -rl ',red,' deep
printf 'quit\n' | ed -s words 2>/dev/null
dc -e '2 100 ^ p 17 3 / p' 2>/dev/null
echo '2^64 + 5 * (3 - 1)' | bc 2>/dev/null
