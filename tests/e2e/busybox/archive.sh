# SPDX-License-Identifier: Apache-2.0
# tar and cpio: a tree goes in and comes out, with its links, permissions and times.
mkdir -p in/sub
cp words in/words
cp binary in/sub/binary
ln in/words in/twin
ln -s words in/link
chmod 755 in/sub/binary
find in | xargs touch -h -d '2010-01-01 00:00:00'
tar cf all.tar in/words in/twin in/link in/sub
tar tf all.tar | sort
TZ=UTC tar tvf all.tar | awk '{ print $1, $3, $4, $6 }' | sed '/^d/s/ [0-9]* / /' | sort
mkdir out
tar xf all.tar -C out
diff -r in out/in && echo "tar: same"
ls -l out/in/words | awk '{ print $1, $2, $5 }'
find out -type f -newermt '2010-01-02' 2>/dev/null
tar cf - in/sub | gzip > all.tgz
gunzip -c all.tgz | tar tf -
rm -r out
mkdir out
gunzip -c all.tgz | tar xf - -C out in/sub/binary
cmp out/in/sub/binary binary && echo "tgz: same"
tar xOf all.tar in/words | md5sum
find in -type f | sort | cpio -o -H newc 2>/dev/null > all.cpio
mkdir third
(cd third && cpio -i -d < ../all.cpio 2>/dev/null)
cmp third/in/sub/binary binary && echo "cpio: same"
rm all.tar all.tgz all.cpio
