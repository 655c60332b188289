/* SPDX-License-Identifier: Apache-2.0
 *
 * The file system beyond open, read and write: open's flags, long names, links, rename, times, holes, locks,
 * FIFOs, splice and its kin, /proc/self. */
#include "check.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/time.h>

static char b[70000];
static struct stat s, t;

static int put(const char* name, const char* text) {
    int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0644);
    if (write(fd, text, strlen(text)) != (int)strlen(text)) return -1;
    return fd;
}

static void opening(void) {
    int fd = put("a", "text");
    CHECK_ERROR(open("a", O_DIRECTORY), ENOTDIR);
    CHECK_ERROR(open("a/", O_RDONLY), ENOTDIR);
    CHECK_ERROR(open("new/", O_CREAT | O_RDWR, 0644), EISDIR);
    CHECK(symlink("made", "dangling") == 0);
    CHECK_ERROR(open("dangling", O_CREAT | O_EXCL | O_RDWR, 0644), EEXIST);
    CHECK_ERROR(open("dangling", O_RDONLY | O_NOFOLLOW), ELOOP);
    int other = open("dangling", O_CREAT | O_RDWR, 0600);
    CHECK(other >= 0 && stat("made", &s) == 0 && S_ISREG(s.st_mode));
    close(other);
    other = open("a", O_PATH);
    CHECK(other >= 0 && fstat(other, &s) == 0 && s.st_size == 4);
    CHECK_ERROR(read(other, b, 1), EBADF);
    close(other);
    other = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(other >= 0 && write(other, "nameless", 8) == 8 && fstat(other, &s) == 0 && s.st_nlink == 0);
    snprintf(b, 64, "/proc/self/fd/%d", other);
    CHECK(linkat(AT_FDCWD, b, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0 && stat("named", &s) == 0 &&
          s.st_size == 8 && s.st_nlink == 1);
    close(other);
    char name[300];
    memset(name, 'n', sizeof name);
    name[255] = 0;
    other = open(name, O_CREAT | O_RDWR, 0644);
    CHECK(other >= 0 && unlink(name) == 0);
    close(other);
    name[255] = 'n', name[256] = 0;
    CHECK_ERROR(open(name, O_CREAT | O_RDWR, 0644), ENAMETOOLONG);
    memset(b, '/', 5000);
    b[0] = '.', b[4094] = 0;
    CHECK(access(b, F_OK) == 0);
    b[4094] = '/', b[4096] = 0;
    CHECK_ERROR(access(b, F_OK), ENAMETOOLONG);
    close(fd);
}

static void naming(void) {
    CHECK(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0 && mkdir("e/f", 0755) == 0);
    close(put("x", "x"));
    close(put("y", "yy"));
    CHECK(link("x", "d/x") == 0 && stat("d/x", &s) == 0 && s.st_nlink == 2 && stat("x", &t) == 0 &&
          s.st_ino == t.st_ino);
    CHECK_ERROR(link("x", "y"), EEXIST);
    CHECK_ERROR(link("d", "hard"), EPERM);
    CHECK_ERROR(rename("d", "d/in"), EINVAL);
    CHECK_ERROR(rename("d", "e"), ENOTEMPTY);
    CHECK_ERROR(rename("x", "d"), EISDIR);
    CHECK_ERROR(rename("d", "x"), ENOTDIR);
    CHECK_ERROR(rename("none", "x"), ENOENT);
    CHECK_ERROR(rename("d/.", "g"), EBUSY);
    CHECK(rename("x", "d/x") == 0 && access("x", F_OK) == 0); /* two names of one file: nothing happens */
    CHECK(rename("y", "x") == 0 && stat("x", &s) == 0 && s.st_size == 2 && access("y", F_OK) == -1);
    CHECK(stat("d/x", &s) == 0 && s.st_size == 1 && s.st_nlink == 1);
    CHECK_ERROR(rmdir("e/f/."), EINVAL);
    CHECK_ERROR(rmdir("e/f/.."), ENOTEMPTY);
    CHECK_ERROR(unlink("x/"), ENOTDIR);
    CHECK_ERROR(symlink("", "empty"), ENOENT);
    CHECK(chdir("e/f") == 0 && rmdir("../f") == 0);
    CHECK_ERROR(open("new", O_CREAT | O_RDWR, 0644), ENOENT);
    CHECK_ERROR(mkdir("new", 0755), ENOENT);
    CHECK(chdir("../..") == 0); /* it still knows where it was */
    /* A directory is read while its entries go: each is seen once. */
    for (int i = 0; i < 600; i++) {
        char name[64];
        snprintf(name, sizeof name, "d/a-rather-long-name-of-an-entry-%d", i);
        close(open(name, O_CREAT | O_WRONLY, 0600));
    }
    DIR* directory = opendir("d");
    int seen = 0;
    for (struct dirent* entry; (entry = readdir(directory));)
        if (strlen(entry->d_name) > 10) seen += unlinkat(dirfd(directory), entry->d_name, 0) == 0;
    closedir(directory);
    CHECK(seen == 600 && unlink("d/x") == 0 && rmdir("d") == 0);
}

static void attributes(void) {
    int fd = put("m", "mode");
    const struct timespec when[2] = {{1000000000, 5}, {1234567890, 123456789}};
    CHECK(futimens(fd, when) == 0 && fstat(fd, &s) == 0 && s.st_mtim.tv_sec == 1234567890 &&
          s.st_mtim.tv_nsec == 123456789 && s.st_atim.tv_sec == 1000000000);
    const struct timespec omit[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    CHECK(utimensat(AT_FDCWD, "m", omit, 0) == 0 && stat("m", &s) == 0 && s.st_atim.tv_sec == 1000000000 &&
          s.st_mtim.tv_sec > 1234567890);
    const struct timespec wrong[2] = {{0, 1000000000}, {0, 0}};
    CHECK_ERROR(utimensat(AT_FDCWD, "m", wrong, 0), EINVAL);
    CHECK(fchmod(fd, 04711) == 0 && fstat(fd, &s) == 0 && (s.st_mode & 07777) == 04711);
    CHECK(symlink("m", "l") == 0 && chmod("l", 0600) == 0 && stat("m", &s) == 0 &&
          (s.st_mode & 07777) == 0600);
    CHECK(lstat("l", &s) == 0 && s.st_size == 1 && S_ISLNK(s.st_mode));
    CHECK(utimensat(AT_FDCWD, "l", when, AT_SYMLINK_NOFOLLOW) == 0 && lstat("l", &s) == 0 &&
          s.st_mtim.tv_sec == 1234567890);
    umask(077);
    CHECK(mkdir("private", 0777) == 0 && stat("private", &s) == 0 && (s.st_mode & 0777) == 0700);
    umask(022);
    struct statfs f;
    CHECK(statfs(".", &f) == 0 && f.f_namelen == 255 && f.f_bsize > 0);
    close(fd);
}

static void holes(void) {
    int fd = put("holes", "start");
    CHECK(pwrite(fd, "end", 3, 50 << 20) == 3 && fstat(fd, &s) == 0 && s.st_size == (50 << 20) + 3);
    CHECK(s.st_blocks * 512 < 1 << 20);
    CHECK(pread(fd, b, 10, 20 << 20) == 10 && b[0] == 0 && b[9] == 0);
    CHECK(lseek(fd, 65536, SEEK_DATA) == 50 << 20 && lseek(fd, 0, SEEK_HOLE) == 4096);
    CHECK_ERROR(lseek(fd, 60 << 20, SEEK_DATA), ENXIO);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 3) == 0 && pread(fd, b, 5, 0) == 5 &&
          b[0] == 0 && b[3] == 'r');
    CHECK(posix_fallocate(fd, 0, 8192) == 0);
    CHECK(ftruncate(fd, 4) == 0 && ftruncate(fd, 9) == 0 && pread(fd, b, 10, 0) == 9 && b[3] == 'r' &&
          b[4] == 0);
    CHECK_ERROR(ftruncate(fd, -1), EINVAL);
    int append = open("holes", O_WRONLY | O_APPEND);
    CHECK(pwrite(append, "z", 1, 0) == 1 && fstat(fd, &s) == 0 && s.st_size == 10); /* as Linux, not POSIX */
    close(append);
    close(fd);
}

static void locking(void) {
    int fd = put("lock", "0123456789"), two = open("lock", O_RDWR), go[2];
    CHECK(flock(fd, LOCK_EX) == 0);
    CHECK_ERROR(flock(two, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK(flock(fd, LOCK_UN) == 0 && flock(two, LOCK_SH | LOCK_NB) == 0 && flock(two, LOCK_UN) == 0);
    struct flock all = {F_WRLCK, SEEK_SET, 0, 0, 0}, middle = {F_UNLCK, SEEK_SET, 3, 4, 0};
    CHECK(pipe(go) == 0 && fcntl(fd, F_SETLK, &all) == 0 && fcntl(fd, F_SETLK, &middle) == 0);
    pid_t child = fork();
    if (!child) {
        struct flock ask = {F_RDLCK, SEEK_SET, 0, 0, 0}, inside = {F_WRLCK, SEEK_SET, 4, 2, 0};
        int good = fcntl(two, F_GETLK, &ask) == 0 && ask.l_type == F_WRLCK && ask.l_pid == getppid();
        good = good && fcntl(two, F_SETLK, &inside) == 0;
        ask.l_type = F_WRLCK, ask.l_start = 7, ask.l_len = 1;
        good = good && fcntl(two, F_SETLK, &ask) == -1 && (errno == EAGAIN || errno == EACCES);
        (void)!write(go[1], "x", 1);
        ask.l_type = F_WRLCK;
        good = good && fcntl(two, F_SETLKW, &ask) == 0;
        _exit(!good);
    }
    CHECK(read(go[0], b, 1) == 1);
    close(open("lock", O_RDONLY)); /* closing any descriptor of the file drops the process's locks */
    CHECK(status_of(child) == 0);
    close(fd), close(two), close(go[0]), close(go[1]);
}

static void fifos(void) {
    CHECK(mkfifo("fifo", 0600) == 0 && stat("fifo", &s) == 0 && S_ISFIFO(s.st_mode));
    CHECK_ERROR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    pid_t child = fork();
    if (!child) {
        int fd = open("fifo", O_WRONLY);
        _exit(write(fd, "through", 7) != 7);
    }
    int fd = open("fifo", O_RDONLY), n;
    CHECK(read(fd, b, 100) == 7 && !memcmp(b, "through", 7) && read(fd, b, 1) == 0);
    CHECK(status_of(child) == 0);
    close(fd);
    int ends[2];
    CHECK(pipe(ends) == 0 && fcntl(ends[0], F_GETPIPE_SZ) == 65536);
    CHECK(fcntl(ends[1], F_SETPIPE_SZ, 100000) == 131072);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    CHECK(write(ends[1], b, sizeof b) == sizeof b && ioctl(ends[0], FIONREAD, &n) == 0 && n == sizeof b);
    CHECK_ERROR(fcntl(ends[1], F_SETPIPE_SZ, 4096), EBUSY);
    snprintf(b, 64, "/proc/self/fd/%d", ends[0]);
    int again = open(b, O_RDONLY);
    CHECK(again >= 0 && fstat(again, &s) == 0 && fstat(ends[0], &t) == 0 && s.st_ino == t.st_ino);
    close(again), close(ends[0]), close(ends[1]);
}

static void moving(void) {
    int in = open("in", O_CREAT | O_RDWR, 0600), out = open("out", O_CREAT | O_RDWR, 0600), ends[2];
    for (unsigned i = 0; i < sizeof b; i++) b[i] = (char)(i * 7 + (i >> 8));
    CHECK(write(in, b, sizeof b) == sizeof b && lseek(in, 0, SEEK_SET) == 0);
    off_t at = 100;
    CHECK(sendfile(out, in, &at, 5000) == 5000 && at == 5100 && lseek(in, 0, SEEK_CUR) == 0);
    CHECK(pread(out, b, 5000, 0) == 5000 && b[0] == (char)(100 * 7) && lseek(out, 0, SEEK_CUR) == 5000);
    loff_t from = 0, to = 10000;
    CHECK(copy_file_range(in, &from, out, &to, 1000, 0) == 1000 && from == 1000 && to == 11000);
    CHECK(pipe(ends) == 0 && splice(in, 0, ends[1], 0, 3000, 0) == 3000 && lseek(in, 0, SEEK_CUR) == 3000);
    int copies[2];
    CHECK(pipe(copies) == 0 && tee(ends[0], copies[1], 3000, 0) == 3000);
    to = 0;
    CHECK(splice(ends[0], 0, out, &to, 3000, 0) == 3000 && to == 3000);
    CHECK(read(copies[0], b, sizeof b) == 3000 && pread(out, b + 3000, 3000, 0) == 3000 &&
          !memcmp(b, b + 3000, 3000));
    CHECK_ERROR(splice(in, 0, out, 0, 10, 0), EINVAL);
    close(in), close(out), close(ends[0]), close(ends[1]), close(copies[0]), close(copies[1]);
}

static void looking(const char* base) {
    char path[256], self[64];
    int fd = put("seen", "seen");
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(self, path, sizeof path);
    CHECK(n == (ssize_t)strlen(base) + 5 && !memcmp(path, base, strlen(base)) &&
          !memcmp(path + n - 5, "/seen", 5));
    CHECK((n = readlink("/proc/self/cwd", path, sizeof path)) == (ssize_t)strlen(base));
    CHECK((n = readlink("/proc/self", path, sizeof path)) > 0 && (path[n] = 0, atoi(path) == getpid()));
    CHECK(readlink("/proc/self/exe", path, sizeof path) > 0 && path[0] == '/');
    FILE* f = fopen("/proc/self/stat", "r");
    int pid = 0, parent = 0;
    char state = 0;
    CHECK(f && fscanf(f, "%d (%255[^)]) %c %d", &pid, path, &state, &parent) == 4 && pid == getpid() &&
          state == 'R' && parent == getppid());
    fclose(f);
    f = fopen("/proc/self/maps", "r");
    int stack = 0;
    for (unsigned long low, high; f && fgets(b, 500, f);)
        if (sscanf(b, "%lx-%lx", &low, &high) == 2 && low <= (unsigned long)&stack &&
            (unsigned long)&stack < high)
            stack = strstr(b, "[stack]") != 0;
    CHECK(stack == 1);
    fclose(f);
    f = fopen("/proc/self/cmdline", "r");
    CHECK(f && fread(b, 1, 500, f) > 0 && b[0] != 0 && fclose(f) == 0);
    f = fopen("/dev/full", "w");
    setvbuf(f, 0, _IONBF, 0);
    CHECK(fputc('x', f) == EOF && errno == ENOSPC && fclose(f) == 0);
    fd = open("/dev/urandom", O_RDONLY);
    memset(b, 0, 64);
    CHECK(read(fd, b, 64) == 64 && memcmp(b, b + 32, 32));
    close(fd);
    CHECK(stat("/dev/null", &s) == 0 && S_ISCHR(s.st_mode) && s.st_rdev == 0x103);
    struct winsize w;
    CHECK_ERROR(ioctl(open("/dev/null", O_RDWR), TIOCGWINSZ, &w), ENOTTY);
}

int main(void) {
    char base[64], command[96];
    snprintf(base, sizeof base, "/tmp/stile-tree-%d", (int)getpid());
    CHECK(mkdir(base, 0755) == 0 && chdir(base) == 0);
    opening();
    naming();
    attributes();
    holes();
    locking();
    fifos();
    moving();
    looking(base);
    CHECK(chdir("/") == 0);
    snprintf(command, sizeof command, "rm -r %s", base);
    (void)!system(command); /* there is no shell in Stile's, and no need to tidy up */
    return END;
}
