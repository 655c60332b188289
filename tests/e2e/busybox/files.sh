# SPDX-License-Identifier: Apache-2.0
# Names, links, permissions, times, and everything that walks a tree.
umask 022
mkdir -p tree/a/b/c "tree/with space"
cp words tree/a/w
cp -p binary tree/a/b/bin
head -n 5 table > "tree/with space/t"
ln tree/a/w tree/hard
ln -s a/w tree/soft
ln -s nowhere tree/dangling
mkfifo tree/fifo
touch -d '2001-02-03 04:05:06' tree/old
touch tree/a/b/c/empty
chmod 600 tree/hard
chmod u+x,go-r tree/a/b/bin
stat -c '%n %F %s %a %h' tree/a/w tree/hard tree/soft tree/old "tree/with space" | sed '/directory/s/ [0-9]* \([0-9]* [0-9]*\)$/ \1/;/directory/s/ [0-9]*$//'
TZ=UTC stat -c '%y' tree/old
ls -1F tree | sort
ls -l tree/a/w tree/hard | awk '{ print $1, $2, $5, $NF }'
readlink tree/soft
readlink -f tree/soft | sed 's|.*/tree|tree|'
cat tree/dangling 2>&1
find tree | sort
find tree -type f -size +1000k | sort
find tree -type l | sort
find tree -type d -name 'c*'
find tree -type f -name '[wt]' -exec wc -c {} \; | sort
find tree -perm 600 | sort
find tree -newer tree/old -type f | sort
find tree -links 2 -type f | sort
find tree -type f -print0 | sort -z | xargs -0 md5sum
find tree -empty -type f | sort
find tree -maxdepth 1 -mindepth 1 -not -name old | sort
du -a tree/a/b/c | cut -f 2
cp -r tree copy 2>/dev/null
rm -f tree/fifo copy/fifo
cp -a tree second
diff -r tree second && echo "copies are equal"
echo change >> second/a/w
diff -rq tree second
diff tree/hard second/hard > /dev/null && echo "hard links lead to one file"
cmp tree/a/w second/a/w
mv second/a/w second/moved
mv second/moved third
mv second/a/b second/b
ls second second/b | sort
rm -r second/b
rmdir second/a
rmdir second
echo "status $?"
rm -rf second copy
ls second 2>&1
dd if=binary of=piece bs=1000 skip=10 count=33 2>/dev/null
md5sum piece
dd if=words of=piece bs=512 seek=100 conv=notrunc count=4 2>/dev/null
md5sum piece
truncate -s 10M sparse
dd if=words of=sparse bs=1 seek=5000000 count=10 conv=notrunc 2>/dev/null
md5sum sparse
wc -c sparse
rm sparse
echo one | tee tee1 tee2
cat tee1 tee2
seq 1 2000 | xargs -n 100 echo | md5sum
seq 1 20 | xargs -n 7 sh -c 'echo $# "$@"' sh
basename /a/b/c.txt .txt
dirname /a/b/c.txt
realpath . > /dev/null && echo real
diff words edited 2>/dev/null || head -n 400 words > left
sed '50d;100s/$/ changed/;200i\inserted' left > right
diff left right
diff -u left right | tail -n +3
diff -u left right > change
patch -p0 left < change > /dev/null
cmp left right && echo "patched"
test -x tree/a/b/bin && test ! -x words && test -L tree/soft && test -s words && echo tests
[ tree/old -ot words ] && echo older
cat /dev/null | wc -c
head -c 5 /dev/zero | od -An -tx1
echo x > /dev/full
echo "status $?"
cat /dev/fd/0 < tee1
mktemp -d /tmp/stile-XXXXXX > /dev/null && echo temporary
