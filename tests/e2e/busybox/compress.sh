# SPDX-License-Identifier: Apache-2.0
# Does what is packed come out again, and is it packed as the host packs it?
cp words text
gzip -9 text
md5sum text.gz
gunzip -c text.gz | cmp - words && echo "gzip: same"
gzip -1 -c binary > binary.gz
zcat binary.gz | md5sum
gunzip text.gz
cmp text words && echo "gunzip: same"
head -c 60000 table | bzip2 -c > table.bz2
md5sum table.bz2
bunzip2 -c table.bz2 | md5sum
head -c 30 text.gz > broken.gz 2>/dev/null
gzip -t binary.gz && echo "test: good"
head -c 5000 binary.gz > broken.gz
gzip -t broken.gz
echo "status $?"
