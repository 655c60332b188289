/* SPDX-License-Identifier: Apache-2.0
 *
 * Question: does /dev/binder exchange the very words that the Linux 6.1 driver was recorded to exchange?
 * A manager, a service and a client play the recorded scenarios; each expectation below is a line of such a
 * recording. The same program runs on a Linux with the driver. Exit status: number of failed expectations.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/android/binder.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAP_BYTES (128 * 1024)
#define PTR 0x1001
#define COOKIE 0xc00c1e01

static int failures;
static const char* who;
#define EXPECT(cond)                                                             \
    do {                                                                         \
        if (!(cond)) {                                                           \
            failures++;                                                          \
            printf("%s: line %d: %s (errno %d)\n", who, __LINE__, #cond, errno); \
        }                                                                        \
    } while (0)

static int fd;
static char* map;
static unsigned char out[512], in[512];
static size_t out_bytes;
static struct binder_transaction_data last; /* of the newest BR_TRANSACTION or BR_REPLY */
static struct binder_ptr_cookie node;       /* of the newest reference word */

static void open_binder(void) {
    fd = open("/dev/binder", O_RDWR);
    EXPECT(fd >= 0);
    map = mmap(0, MAP_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    EXPECT(map != MAP_FAILED);
}

static void put(uint32_t word, const void* argument, size_t bytes) {
    memcpy(out + out_bytes, &word, 4);
    memcpy(out + out_bytes + 4, argument, bytes);
    out_bytes += 4 + bytes;
}
static void put_word(uint32_t word) { put(word, "", 0); }
static void put_handle(uint32_t word, uint32_t handle) { put(word, &handle, 4); }
static void put_free(void) { put(BC_FREE_BUFFER, &last.data.ptr.buffer, 8); }
static void put_done(uint32_t word) { put(word, &node, sizeof node); }
static void put_transaction(uint32_t word, uint32_t handle, uint32_t code, uint32_t flags, const void* data,
                            size_t bytes, const binder_size_t* offsets, size_t n) {
    struct binder_transaction_data t = {.target.handle = handle,
                                        .code = code,
                                        .flags = flags,
                                        .data_size = bytes,
                                        .offsets_size = n * sizeof *offsets};
    t.data.ptr.buffer = (uintptr_t)data;
    t.data.ptr.offsets = (uintptr_t)offsets;
    put(word, &t, sizeof t);
}
static void put_call(uint32_t handle, uint32_t code, const void* data, size_t bytes) {
    put_transaction(BC_TRANSACTION, handle, code, 0, data, bytes, 0, 0);
}
static void put_reply(const void* data, size_t bytes) {
    put_transaction(BC_REPLY, 0, 0, 0, data, bytes, 0, 0);
}

/* Writes what has been put, reads at most `room` bytes; the ioctl's result, read bytes in *got. */
static int talk(size_t room, size_t* written, size_t* got) {
    struct binder_write_read bwr = {.write_size = out_bytes,
                                    .write_buffer = (uintptr_t)out,
                                    .read_size = room,
                                    .read_buffer = (uintptr_t)in};
    const int r = ioctl(fd, BINDER_WRITE_READ, &bwr);
    *written = bwr.write_consumed;
    *got = bwr.read_consumed;
    out_bytes = 0;
    return r;
}

/* One ioctl whose read must give exactly these words, ended by 0. */
static void words_at(int line, ...) {
    size_t written, got, at = 0;
    const int r = talk(sizeof in, &written, &got);
    va_list list;
    va_start(list, line);
    char seen[256] = "";
    int wrong = r != 0;
    while (at < got) {
        uint32_t word;
        memcpy(&word, in + at, 4);
        at += 4;
        const uint32_t expected = va_arg(list, uint32_t);
        wrong |= word != expected;
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), " %08x", word);
        if (expected == 0) break;
        if (word == BR_TRANSACTION || word == BR_REPLY) memcpy(&last, in + at, sizeof last);
        if (word == BR_INCREFS || word == BR_ACQUIRE || word == BR_RELEASE || word == BR_DECREFS)
            memcpy(&node, in + at, sizeof node);
        at += _IOC_SIZE(word);
    }
    wrong |= at < got || va_arg(list, uint32_t) != 0;
    va_end(list);
    if (wrong) {
        failures++;
        printf("%s: line %d: read%s (result %d, errno %d)\n", who, line, seen, r, errno);
    }
}
#define WORDS(...) words_at(__LINE__, __VA_ARGS__, 0u)
#define WRITE_ONLY()                    \
    do {                                \
        size_t w_, g_, n_ = out_bytes;  \
        EXPECT(talk(0, &w_, &g_) == 0); \
        EXPECT(w_ == n_);               \
    } while (0)

static int extended_error(uint32_t* word) {
    struct binder_extended_error e = {0};
    EXPECT(ioctl(fd, BINDER_GET_EXTENDED_ERROR, &e) == 0);
    *word = e.command;
    return e.param;
}

/* One byte between processes: "go on". */
static void tell(int pipe_end) { EXPECT(write(pipe_end, "x", 1) == 1); }
static void await(int pipe_end) {
    char c;
    EXPECT(read(pipe_end, &c, 1) == 1);
}

/* A0: no context manager yet. */
static void surface(void) {
    uint32_t word;
    struct binder_version version;
    open_binder();
    EXPECT(ioctl(fd, BINDER_VERSION, &version) == 0 && version.protocol_version == 8);
    EXPECT(mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EBUSY);
    EXPECT(mprotect(map, 4096, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    EXPECT(ioctl(fd, _IOW('b', 99, int), 0) == -1 && errno == EINVAL);
    EXPECT(ioctl(fd, BINDER_WRITE_READ, 0) == -1 && errno == EFAULT);
    const int other = open("/dev/binder", O_RDWR);
    EXPECT(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, other, 0) == MAP_FAILED && errno == EPERM);
    close(other);
    put_call(0, 0x5f504e47, 0, 0);
    WORDS(BR_NOOP, BR_DEAD_REPLY);
    EXPECT(extended_error(&word) == -EINVAL && word == BR_DEAD_REPLY);
    put_handle(BC_ACQUIRE, 0);
    WRITE_ONLY();
    close(fd);
}

/* A1, as context manager: a second one is refused; a read with nothing to say; words nobody knows. */
static void manager_surface(void) {
    size_t written, got;
    int zero = 0;
    EXPECT(ioctl(fd, BINDER_SET_CONTEXT_MGR, &zero) == 0);
    EXPECT(ioctl(fd, BINDER_SET_CONTEXT_MGR, &zero) == -1 && errno == EBUSY);
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    put_word(BC_ENTER_LOOPER);
    EXPECT(talk(256, &written, &got) == -1 && errno == EAGAIN && written == 4 && got == 0);
    put_word(0x12345678);
    EXPECT(talk(0, &written, &got) == -1 && errno == EINVAL && written == 0);
    put_handle(BC_ACQUIRE, 77);
    EXPECT(talk(256, &written, &got) == -1 && errno == EAGAIN && written == 8);
    put(BC_FREE_BUFFER, &(binder_uintptr_t){0xdead}, 8);
    EXPECT(talk(256, &written, &got) == -1 && errno == EAGAIN && written == 12);
    fcntl(fd, F_SETFL, O_RDWR);
}

static void answer(const void* data, size_t bytes) {
    put_free();
    put_reply(data, bytes);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE);
}

static void manager(int ready) {
    who = "manager";
    open_binder();
    manager_surface();
    tell(ready);
    /* B: ping. */
    WORDS(BR_NOOP, BR_TRANSACTION);
    EXPECT(last.target.ptr == 0 && last.cookie == 0 && last.code == 0x5f504e47 && last.sender_pid > 0);
    answer(0, 0);
    /* C: a service registers: keep its handle before freeing the buffer that brought it. */
    struct flat_binder_object object;
    static binder_size_t offset;
    WORDS(BR_NOOP, BR_TRANSACTION);
    EXPECT(last.data_size == sizeof object && last.offsets_size == sizeof offset);
    memcpy(&object, (void*)(uintptr_t)last.data.ptr.buffer, sizeof object);
    EXPECT(object.hdr.type == BINDER_TYPE_HANDLE && object.handle == 1 && object.cookie == 0);
    put_handle(BC_ACQUIRE, object.handle);
    answer(0, 0);
    /* The client looks it up. */
    WORDS(BR_NOOP, BR_TRANSACTION);
    put_free();
    put_transaction(BC_REPLY, 0, 0, 0, &object, sizeof object, &offset, 1);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE);
    /* And asks to drop it. */
    WORDS(BR_NOOP, BR_TRANSACTION);
    put_handle(BC_RELEASE, object.handle);
    answer(0, 0);
    _exit(failures);
}

static void service(int ready, int dropped) {
    who = "service";
    open_binder();
    struct flat_binder_object object = {.hdr.type = BINDER_TYPE_BINDER, .binder = PTR, .cookie = COOKIE};
    const binder_size_t offset = 0;
    put_transaction(BC_TRANSACTION, 0, 1, 0, &object, sizeof object, &offset, 1);
    /* The first ioctl of a thread never sleeps; what comes first are the references. */
    WORDS(BR_NOOP, BR_INCREFS, BR_ACQUIRE, BR_TRANSACTION_COMPLETE);
    EXPECT(node.ptr == PTR && node.cookie == COOKIE);
    put_done(BC_INCREFS_DONE);
    put_done(BC_ACQUIRE_DONE);
    WORDS(BR_NOOP, BR_REPLY);
    put_free();
    WRITE_ONLY();
    tell(ready);
    put_word(BC_ENTER_LOOPER);
    for (;;) { /* echo until the code says otherwise */
        WORDS(BR_NOOP, BR_TRANSACTION);
        EXPECT(last.target.ptr == PTR && last.cookie == COOKIE && last.data.ptr.buffer == (uintptr_t)map);
        if (last.code == 9) _exit(failures); /* dies while it serves */
        if (last.code == 4) break;
        /* The buffer goes with the answer, which is copied before anything reuses it. */
        put_reply((void*)(uintptr_t)last.data.ptr.buffer, last.data_size);
        put_free();
        WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE);
    }
    answer(0, 0);
    await(dropped);
    WORDS(BR_NOOP, BR_RELEASE, BR_DECREFS);
    _exit(failures);
}

static char payload[MAP_BYTES + 8];

static void client(int dropped) {
    who = "client";
    uint32_t word;
    struct flat_binder_object object;
    open_binder();
    put_call(0, 2, "look", 4);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE);
    WORDS(BR_NOOP, BR_REPLY);
    memcpy(&object, (void*)(uintptr_t)last.data.ptr.buffer, sizeof object);
    EXPECT(object.hdr.type == BINDER_TYPE_HANDLE && object.handle == 1);
    EXPECT(last.target.ptr == 0 && last.code == 0 && last.sender_pid == 0);
    put_handle(BC_ACQUIRE, 1);
    put_free();
    put_call(1, 3, "hello", 5);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE, BR_REPLY);
    EXPECT(last.data_size == 5 && memcmp((void*)(uintptr_t)last.data.ptr.buffer, "hello", 5) == 0);
    /* D: sizes up to the whole mapping; always at its start. */
    for (size_t i = 0; i < sizeof payload; i++) payload[i] = (char)(i * 7 + i / 251);
    for (size_t bytes = 4096; bytes <= MAP_BYTES; bytes *= 2) {
        put_free();
        put_call(1, 3, payload, bytes);
        WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE, BR_REPLY);
        EXPECT(last.data.ptr.buffer == (uintptr_t)map && last.data_size == bytes);
        EXPECT(memcmp(map, payload, bytes) == 0);
    }
    put_free();
    WRITE_ONLY();
    /* Does not fit: refused at once, with no completion. A bad word after it is not even looked at. */
    put_call(1, 3, payload, MAP_BYTES + 8);
    put_handle(BC_ACQUIRE, 1);
    size_t written, got;
    EXPECT(talk(256, &written, &got) == 0 && written == 68 && got == 8);
    EXPECT(extended_error(&word) == -ENOSPC && word == BR_FAILED_REPLY);
    /* K: malformed objects and pointers. */
    const binder_size_t beyond = 4096;
    put_transaction(BC_TRANSACTION, 1, 3, 0, payload, 64, &beyond, 1);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    EXPECT(extended_error(&word) == -EINVAL);
    put_transaction(BC_TRANSACTION, 1, 3, 0, (void*)8, 64, 0, 0);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    EXPECT(extended_error(&word) == -EFAULT);
    put_call(42, 3, 0, 0);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    EXPECT(extended_error(&word) == -EINVAL);
    put_reply(0, 0);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    EXPECT(extended_error(&word) == -EPROTO);
    put_call(1, 4, 0, 0);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE, BR_REPLY);
    put_free();
    /* A handle held only weakly cannot be called, a dropped one neither. */
    put_handle(BC_INCREFS, 1);
    put_handle(BC_RELEASE, 1);
    put_call(1, 3, 0, 0);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    put_handle(BC_DECREFS, 1);
    put_call(1, 3, 0, 0);
    WORDS(BR_NOOP, BR_FAILED_REPLY);
    put_call(0, 10, 0, 0);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE, BR_REPLY);
    tell(dropped);
    _exit(failures);
}

/* A server that dies while it serves. It is its own context manager. */
static void mortal(int ready) {
    who = "mortal";
    int zero = 0;
    open_binder();
    EXPECT(ioctl(fd, BINDER_SET_CONTEXT_MGR, &zero) == 0);
    tell(ready);
    put_word(BC_ENTER_LOOPER);
    WORDS(BR_NOOP, BR_TRANSACTION);
    _exit(failures);
}

static int finish(int pid) {
    int status = 0;
    EXPECT(waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

int main(void) {
    int ready[2], dropped[2];
    who = "main";
    surface();
    EXPECT(pipe(ready) == 0 && pipe(dropped) == 0);
    const int m = fork();
    if (m == 0) manager(ready[1]);
    await(ready[0]);
    open_binder();
    put_call(0, 0x5f504e47, 0, 0);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE);
    WORDS(BR_NOOP, BR_REPLY);
    EXPECT(last.data_size == 0);
    put_free();
    WRITE_ONLY();
    const int s = fork();
    if (s == 0) service(ready[1], dropped[0]);
    await(ready[0]);
    const int c = fork();
    if (c == 0) client(dropped[1]);
    failures += finish(c);
    failures += finish(s);
    failures += finish(m);
    const int d = fork();
    if (d == 0) mortal(ready[1]);
    await(ready[0]);
    put_call(0, 1, 0, 0);
    WORDS(BR_NOOP, BR_TRANSACTION_COMPLETE, BR_DEAD_REPLY);
    failures += finish(d);
    printf("binder words: %d failed\n", failures);
    return failures;
}
