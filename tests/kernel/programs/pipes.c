/* SPDX-License-Identifier: Apache-2.0
 *
 * Pipes as pipe(7) says: order, end of file, EPIPE, O_NONBLOCK, capacity, atomic writes, poll. */
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/uio.h>

static char buffer[300000];

static void large_transfer(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (!child) {
        close(ends[0]);
        for (int i = 0; i < 300000; i++) buffer[i] = (char)(i * 7 + (i >> 9));
        for (int done = 0, n; done < 300000; done += n)
            if ((n = write(ends[1], buffer + done, 300000 - done)) <= 0) _exit(1);
        _exit(0);
    }
    close(ends[1]);
    int got = 0, wrong = 0;
    for (int n; (n = read(ends[0], buffer + got, sizeof buffer - got)) > 0;) got += n;
    for (int i = 0; i < got; i++) wrong += buffer[i] != (char)(i * 7 + (i >> 9));
    CHECK(got == 300000 && wrong == 0);
    CHECK(status_of(child) == 0);
    close(ends[0]);
}

/* Four writers, records of 100 bytes in two pieces: no record may be torn. */
static void atomic_writes(void) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    for (int writer = 0; writer < 4; writer++)
        if (!fork()) {
            char record[100];
            memset(record, 'a' + writer, sizeof record);
            const struct iovec pieces[2] = {{record, 33}, {record + 33, 67}};
            for (int i = 0; i < 300; i++)
                if (writev(ends[1], pieces, 2) != 100) _exit(1);
            _exit(0);
        }
    close(ends[1]);
    char record[100];
    int records = 0, torn = 0, have = 0;
    for (int n; (n = read(ends[0], record + have, 100 - have)) > 0;) {
        have += n;
        if (have < 100) continue;
        for (int i = 1; i < 100; i++) torn += record[i] != record[0];
        records++;
        have = 0;
    }
    CHECK(records == 1200 && torn == 0 && have == 0);
    for (int i = 0, status; i < 4; i++) CHECK(wait(&status) > 0 && status == 0);
    close(ends[0]);
}

int main(void) {
    large_transfer();
    atomic_writes();

    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    close(ends[0]);
    on_signal(SIGPIPE, note_signal, 0);
    CHECK_ERROR(write(ends[1], "x", 1), EPIPE);
    CHECK(signal_seen == SIGPIPE);
    close(ends[1]);

    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    CHECK_ERROR(read(ends[0], &byte, 1), EAGAIN);
    CHECK(write(ends[1], buffer, 70000) == 65536);
    CHECK_ERROR(write(ends[1], buffer, 1), EAGAIN);
    struct pollfd ready = {ends[1], POLLOUT, 0};
    CHECK(poll(&ready, 1, 0) == 0);
    struct pollfd both[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    CHECK(poll(both, 2, 10) == 1 && both[0].revents == POLLIN);
    CHECK(read(ends[0], buffer, 4096) == 4096);
    CHECK(poll(both, 2, -1) == 2);
    CHECK_ERROR(read(ends[1], &byte, 1), EBADF);
    CHECK_ERROR(write(ends[0], &byte, 1), EBADF);
    CHECK_ERROR(lseek(ends[0], 0, SEEK_SET), ESPIPE);
    close(ends[1]);
    CHECK(poll(both, 1, 0) == 1 && (both[0].revents & POLLHUP));
    close(ends[0]);

    CHECK(pipe(ends) == 0);
    CHECK_ERROR(write(ends[1], (void*)16, 8), EFAULT);
    CHECK(write(ends[1], "abc", 3) == 3);
    CHECK_ERROR(read(ends[0], (void*)16, 8), EFAULT);
    CHECK(read(ends[0], buffer, 8) == 3 && !memcmp(buffer, "abc", 3));
    ready = (struct pollfd){ends[0], POLLIN, 0};
    CHECK(poll(&ready, 1, 5) == 0);
    fd_set in, out;
    struct timeval soon = {0, 2000};
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &out);
    CHECK(select(ends[1] + 1, &in, &out, 0, 0) == 1 && !FD_ISSET(ends[0], &in) && FD_ISSET(ends[1], &out));
    FD_SET(ends[0], &in);
    CHECK(select(ends[0] + 1, &in, 0, 0, &soon) == 0 && !FD_ISSET(ends[0], &in));
    /* Below 64: Linux ignores what is beyond its descriptor table, whose smallest size that is. */
    FD_SET(60, &in);
    CHECK_ERROR(select(61, &in, 0, 0, 0), EBADF);
    pid_t child = fork();
    if (!child) {
        usleep(10000);
        _exit(write(ends[1], "y", 1) != 1);
    }
    CHECK(poll(&ready, 1, -1) == 1 && ready.revents == POLLIN);
    CHECK(status_of(child) == 0);
    CHECK(dup2(ends[0], 50) == 50 && read(50, &byte, 1) == 1 && byte == 'y');
    /* An end that neither reads nor writes would be nobody's. */
    unlink("neither.fifo");
    CHECK(mkfifo("neither.fifo", 0600) == 0);
    CHECK_ERROR(open("neither.fifo", 3 | O_NONBLOCK), EINVAL);
    unlink("neither.fifo");
    CHECK_ERROR(dup2(51, 52), EBADF);
    CHECK_ERROR(close(51), EBADF);
    return END;
}
