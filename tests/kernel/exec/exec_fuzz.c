/* SPDX-License-Identifier: Apache-2.0
 *
 * Executes spoilt programs: exec_fuzz FOLDER COUNT SEED. Prints what became of each, one letter per file, and
 * how much memory is gone at the end. Run on Linux it says what Stile's kernel has to say. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/elf_mutate.h"

static char file_path[4000];
static char* const no_strings[] = {"spoilt", 0};

static void make_file(const char* path, const void* bytes, size_t size, unsigned mode) {
    unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT, mode);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || close(fd) < 0) {
        perror(path);
        exit(3);
    }
}

static char letter_of_error(int error) {
    switch (error) {
        case ENOEXEC:
            return 'x';
        case EACCES:
            return 'a';
        case ENOENT:
            return 'n';
        case EIO:
            return 'i';
        case EINVAL:
            return 'v';
        case ENOMEM:
            return 'm';
        case ELOOP:
            return 'l';
        case ELIBBAD:
            return 'b';
        case ENOTDIR:
            return 'd';
        case ETXTBSY:
            return 't';
        default:
            return '?';
    }
}

/* A dot: it ran and said 42. A small letter: an error of execve. A large one: a signal. A digit: it ran, and
 * read something else. */
static char outcome(const char* path) {
    int channel[2];
    if (pipe2(channel, O_CLOEXEC) < 0) exit(3);
    const pid_t child = fork();
    if (!child) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        alarm(20);
        execve(path, no_strings, no_strings + 1);
        const int error = errno;
        if (write(channel[1], &error, sizeof error) != sizeof error) _exit(3);
        _exit(0);
    }
    close(channel[1]);
    int error = 0, status = 0;
    const ssize_t n = read(channel[0], &error, sizeof error);
    close(channel[0]);
    if (waitpid(child, &status, 0) != child) exit(3);
    if (n == sizeof error) return letter_of_error(error);
    if (WIFSIGNALED(status)) switch (WTERMSIG(status)) {
            case SIGSEGV:
                return 'S';
            case SIGBUS:
                return 'B';
            case SIGILL:
                return 'I';
            case SIGKILL:
                return 'K';
            default:
                return '!';
        }
    return WEXITSTATUS(status) == 42 ? '.' : (char)('0' + WEXITSTATUS(status) % 10);
}

static void fuzz(unsigned count, unsigned long seed, int show) {
    unsigned char bytes[ELF_SEED_CAPACITY];
    for (unsigned i = 0; i < count; i++) {
        make_file(file_path, bytes, elf_mutant(bytes, seed + i, 1), 0755);
        const char letter = outcome(file_path);
        if (show) printf("%c%s", letter, i % 64 == 63 || i == count - 1 ? "\n" : "");
    }
}

/* Things that one meets, or makes by mistake. */
static void cases(const char* folder) {
    static const char* const scripts[] = {
        "", "#", "#!", "#!\n", "#!  \t \n", "#!/nowhere\n", "#!/nowhere", "text\n", "#!.\n", "#!FILE/x\n"};
    unsigned char bytes[ELF_SEED_CAPACITY];
    char script[4200], name[4200];
    printf("folder %c\n", outcome(folder));
    snprintf(name, sizeof name, "%s/absent", folder);
    printf("absent %c\n", outcome(name));
    make_file(file_path, bytes, elf_seed(bytes, 0), 0644);
    printf("not executable %c\n", outcome(file_path));
    make_file(file_path, bytes, elf_seed(bytes, 1), 0755);
    printf("sound %c\n", outcome(file_path));
    snprintf(name, sizeof name, "%s/x", file_path);
    printf("in a file %c\n", outcome(name));
    for (unsigned i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        const char* text = scripts[i];
        if (strstr(text, "FILE")) {
            snprintf(script, sizeof script, "#!%s/x\n", file_path);
            text = script;
        }
        snprintf(name, sizeof name, "%s/script", folder);
        make_file(name, text, strlen(text), 0755);
        printf("script %u %c\n", i, outcome(name));
    }
    /* Each reads the one before; the first is read by a program. */
    char before[4200];
    strcpy(before, file_path);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(script, sizeof script, "#! \t%s\t argument \n", before);
        snprintf(before, sizeof before, "%s/script%u", folder, i);
        make_file(before, script, strlen(script), 0755);
        printf("nested %u %c\n", i, outcome(before));
    }
    /* A name that is as long as what the kernel reads of a script, and a bit less. */
    for (unsigned n = 240; n < 270; n += 4) {
        const size_t length = strlen(file_path);
        memset(script, '/', sizeof script);
        memcpy(script, "#!", 2);
        memcpy(script + n - length, file_path, length);
        script[n] = '\n';
        make_file(name, script, n + 1, 0755);
        printf("long %u %c\n", n, outcome(name));
    }
    /* Cut off at every place. */
    for (unsigned n = 0; n < 0x400; n++) {
        const size_t size = elf_seed(bytes, (int)(n & 1));
        make_file(file_path, bytes, n < size ? n : size, 0755);
        printf("%c%s", outcome(file_path), n % 64 == 63 ? "\n" : "");
    }
}

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const unsigned count = (unsigned)strtoul(argv[2], 0, 10);
    const unsigned long seed = strtoul(argv[3], 0, 10);
    umask(0);
    setvbuf(stdout, 0, _IOFBF, 1 << 16);
    snprintf(file_path, sizeof file_path, "%s/spoilt", argv[1]);
    cases(argv[1]);
    fuzz(64, seed, 0); /* what is made once is made now */
    struct sysinfo before, after;
    sysinfo(&before);
    fuzz(count, seed, 1);
    sysinfo(&after);
    fflush(stdout);
    fprintf(stderr, "bytes lost: %ld\n", (long)(before.freeram - after.freeram));
    return 0;
}
