# SPDX-License-Identifier: Apache-2.0
# What do hash functions say of text, of bytes, of nothing, of a pipe?
sha256sum words binary empty
md5sum words binary
sha1sum binary
sha512sum table
md5sum words binary empty
cat words | sha256sum
sha256sum words table > sums
sha256sum -c sums
sed 's/^./0/' sums > wrong
sha256sum -c wrong
echo "status $?"
head -c 100000 binary | base64 > coded
base64 -d coded | md5sum
