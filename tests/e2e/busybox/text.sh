# SPDX-License-Identifier: Apache-2.0
# The filters, on files of real size.
sort words | md5sum
head -n 20000 words > some
sort some > sorted
sort -u some | wc -l
sort -r some | head -n 5
sort -n -k 2 -t , table | tail -n 3
head -n 4000 table | sort -t , -k 3,3 -k 1,1nr | md5sum
sort -c sorted && echo "in order"
uniq -c sorted | sort -rn | head -n 10
uniq -d sorted | wc -l
cut -d , -f 1,3 table | head -n 3
cut -c 2-5 words | md5sum
tr a-z A-Z < words | md5sum
tr -d '\n' < words | wc -c
tr -s 'a-e' < words | md5sum
wc words table binary
head -n 3 words
head -c 17 words
echo
tail -n 3 words
tail -c 100 table
tail -n +19990 table | wc -l
od -A x -t x1z binary | head -n 4
od -c words | head -n 3
tail -c 200000 binary | hexdump -C | tail -n 3
paste -d : some sorted | head -n 3
rev some | head -n 2
tail -n 2000 table | nl | tail -n 1
head -n 4000 table | fold -w 20 | md5sum
head -n 2000 table | expand | md5sum
tac table | head -n 1
seq 1 3 1000 | tail -n 2
expr 6 \* 7
expr length "hello"
echo abc | xxd
head -c 200000 binary | strings | head -n 3
