/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, directories, links and devices; below /tmp, which both systems have. */
#include "check.h"

#include <dirent.h>
#include <sys/uio.h>

int main(int argc, char** argv) {
    char base[64], path[128], b[16];
    struct stat s;
    snprintf(base, sizeof base, "/tmp/stile-files-%d", (int)getpid());
    CHECK(mkdir(base, 0755) == 0);
    CHECK_ERROR(mkdir(base, 0755), EEXIST);
    CHECK(chdir(base) == 0 && getcwd(path, sizeof path) && !strcmp(path, base));
    CHECK_ERROR(open("a", O_RDWR), ENOENT);
    int fd = open("a", O_CREAT | O_EXCL | O_RDWR, 0644);
    CHECK(fd >= 0);
    CHECK_ERROR(open("a", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
    CHECK(write(fd, "hello", 5) == 5 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK(read(fd, b, sizeof b) == 5 && !memcmp(b, "hello", 5) && read(fd, b, 1) == 0);
    CHECK(pread(fd, b, 2, 3) == 2 && b[0] == 'l' && lseek(fd, 0, SEEK_CUR) == 5);
    CHECK(pwrite(fd, "J", 1, 0) == 1);
    CHECK(fstat(fd, &s) == 0 && s.st_size == 5 && S_ISREG(s.st_mode) && (s.st_mode & 0777) == 0644);
    CHECK(lseek(fd, 20000, SEEK_SET) == 20000 && write(fd, "end", 3) == 3 && lseek(fd, 0, SEEK_END) == 20003);
    CHECK(pread(fd, b, 4, 10000) == 4 && b[0] == 0);
    CHECK_ERROR(lseek(fd, -1, SEEK_SET), EINVAL);

    char* shared = mmap(0, 20003, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char* private = mmap(0, 20003, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED && shared[0] == 'J' && private[20000] == 'e');
    shared[9000] = 'z';
    CHECK(pread(fd, b, 1, 9000) == 1 && b[0] == 'z' && private[9000] == 'z');
    private[9000] = 'q';
    CHECK(shared[9000] == 'z' && private[9000] == 'q');
    CHECK(ftruncate(fd, 3) == 0 && pread(fd, b, 16, 0) == 3);
    CHECK(close(fd) == 0);
    CHECK_ERROR(read(fd, b, 1), EBADF);

    fd = open("a", O_WRONLY | O_APPEND);
    CHECK(write(fd, "+", 1) == 1 && lseek(fd, 0, SEEK_CUR) == 4);
    CHECK_ERROR(read(fd, b, 1), EBADF);
    close(fd);
    CHECK(rename("a", "c") == 0 && access("a", F_OK) == -1 && access("c", R_OK) == 0);
    CHECK_ERROR(access("c", X_OK), EACCES);
    CHECK(symlink("c", "link") == 0 && readlink("link", path, sizeof path) == 1 && path[0] == 'c');
    CHECK(lstat("link", &s) == 0 && S_ISLNK(s.st_mode) && stat("link", &s) == 0 && s.st_size == 4);
    CHECK(symlink("loop", "loop") == 0);
    CHECK_ERROR(open("loop", O_RDONLY), ELOOP);
    CHECK_ERROR(open("c/x", O_RDONLY), ENOTDIR);
    CHECK_ERROR(open(".", O_WRONLY), EISDIR);
    CHECK(mkdir("d", 0700) == 0 && mkdir("d/e", 0700) == 0);
    CHECK_ERROR(rmdir("d"), ENOTEMPTY);
    CHECK_ERROR(unlink("d"), EISDIR);
    CHECK(chdir("d/e") == 0 && getcwd(path, sizeof path) && !strcmp(path + strlen(base), "/d/e"));
    CHECK(chdir("../..") == 0);

    int names = 0;
    DIR* directory = opendir(".");
    for (struct dirent* e; directory && (e = readdir(directory));)
        names += !strcmp(e->d_name, "c") + 10 * !strcmp(e->d_name, "link") + 100 * (e->d_name[0] == '.');
    CHECK(names == 211);
    closedir(directory);
    CHECK(rmdir("d/e") == 0 && rmdir("d") == 0 && unlink("link") == 0 && unlink("loop") == 0 &&
          unlink("c") == 0);
    CHECK(chdir("/") == 0 && rmdir(base) == 0);

    CHECK_ERROR(open(argv[0], O_WRONLY), ETXTBSY);
    CHECK_ERROR(truncate(argv[0], 0), ETXTBSY);
    fd = open("/dev/zero", O_RDONLY);
    b[9] = 1;
    CHECK(read(fd, b, 10) == 10 && b[9] == 0);
    close(fd);
    fd = open("/dev/null", O_RDWR);
    CHECK(write(fd, b, 10) == 10 && read(fd, b, 10) == 0);
    CHECK(fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    int copy = fcntl(fd, F_DUPFD, 40);
    CHECK(copy == 40 && (fcntl(copy, F_GETFL) & O_ACCMODE) == O_RDWR);
    close(copy);
    close(fd);
    return END;
}
