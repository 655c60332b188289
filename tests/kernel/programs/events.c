/* SPDX-License-Identifier: Apache-2.0
 *
 * epoll, eventfd, timerfd, poll and select on many descriptors. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>
#include <time.h>

static int waits(int ep, struct epoll_event* events) { return epoll_wait(ep, events, 8, 0); }
static int add(int ep, int operation, int fd, unsigned events) {
    struct epoll_event e = {.events = events, .data.u64 = (unsigned long)fd << 32 | 7};
    return epoll_ctl(ep, operation, fd, &e);
}

static void counters(void) {
    unsigned long v = 0;
    int e = eventfd(3, EFD_NONBLOCK);
    CHECK(read(e, &v, 8) == 8 && v == 3);
    CHECK_ERROR(read(e, &v, 8), EAGAIN);
    CHECK_ERROR(read(e, &v, 4), EINVAL);
    v = ~0ul;
    CHECK_ERROR(write(e, &v, 8), EINVAL);
    v = ~0ul - 1;
    CHECK(write(e, &v, 8) == 8);
    v = 1;
    CHECK_ERROR(write(e, &v, 8), EAGAIN);
    struct pollfd p = {e, POLLIN | POLLOUT, 0};
    CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN);
    close(e);
    e = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK(read(e, &v, 8) == 8 && v == 1 && read(e, &v, 8) == 8 && v == 1);
    CHECK_ERROR(read(e, &v, 8), EAGAIN);
    close(e);
}

static void levels_and_edges(void) {
    struct epoll_event events[8];
    int p[2], ep = epoll_create1(EPOLL_CLOEXEC);
    char bytes[8];
    CHECK(ep >= 0 && pipe(p) == 0);
    CHECK(add(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
    CHECK_ERROR(add(ep, EPOLL_CTL_ADD, p[0], EPOLLIN), EEXIST);
    CHECK_ERROR(add(ep, EPOLL_CTL_MOD, p[1], EPOLLIN), ENOENT);
    CHECK_ERROR(add(ep, EPOLL_CTL_ADD, ep, EPOLLIN), EINVAL);
    CHECK_ERROR(add(ep, EPOLL_CTL_ADD, 200, EPOLLIN), EBADF);
    CHECK(waits(ep, events) == 0);
    CHECK(write(p[1], "ab", 2) == 2);
    CHECK(waits(ep, events) == 1 && events[0].events == EPOLLIN &&
          events[0].data.u64 == ((unsigned long)p[0] << 32 | 7));
    CHECK(waits(ep, events) == 1); /* level: still */
    CHECK(add(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET) == 0);
    CHECK(waits(ep, events) == 1 && waits(ep, events) == 0); /* edge: once */
    CHECK(write(p[1], "c", 1) == 1);
    CHECK(waits(ep, events) == 1 && waits(ep, events) == 0); /* and again with each write */
    CHECK(add(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT) == 0);
    CHECK(waits(ep, events) == 1 && waits(ep, events) == 0);
    CHECK(write(p[1], "d", 1) == 1 && waits(ep, events) == 0);
    CHECK(add(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLONESHOT) == 0 && waits(ep, events) == 1);
    CHECK(add(ep, EPOLL_CTL_MOD, p[0], EPOLLIN) == 0);
    CHECK(read(p[0], bytes, 8) == 4 && waits(ep, events) == 0);
    /* An epoll descriptor is ready when something in it is. */
    int outer = epoll_create1(0);
    CHECK(add(outer, EPOLL_CTL_ADD, ep, EPOLLIN) == 0 && waits(outer, events) == 0);
    CHECK_ERROR(add(ep, EPOLL_CTL_ADD, outer, EPOLLIN), ELOOP);
    CHECK(write(p[1], "e", 1) == 1 && waits(outer, events) == 1);
    CHECK(add(ep, EPOLL_CTL_DEL, p[0], 0) == 0 && waits(ep, events) == 0);
    CHECK_ERROR(add(ep, EPOLL_CTL_DEL, p[0], 0), ENOENT);
    /* The end of the writer; and a watched file that is closed leaves the set. */
    CHECK(add(ep, EPOLL_CTL_ADD, p[0], EPOLLIN) == 0);
    CHECK(read(p[0], bytes, 8) == 1 && close(p[1]) == 0);
    CHECK(waits(ep, events) == 1 && events[0].events == EPOLLHUP);
    close(p[0]);
    CHECK(waits(ep, events) == 0);
    int file = open("/tmp", O_RDONLY);
    CHECK_ERROR(add(ep, EPOLL_CTL_ADD, file, EPOLLIN), EPERM);
    close(file);
    close(outer);
    close(ep);
}

static int shared_event;
static void* write_later(void* unused) {
    unsigned long one = 1;
    usleep(3000);
    return (void*)(write(shared_event, &one, 8) - 8);
}

static void waiting(void) {
    struct epoll_event events[8];
    int ep = epoll_create1(0);
    shared_event = eventfd(0, 0);
    CHECK(add(ep, EPOLL_CTL_ADD, shared_event, EPOLLIN) == 0);
    CHECK(epoll_wait(ep, events, 8, 5) == 0);
    pthread_t writer;
    pthread_create(&writer, 0, write_later, 0);
    CHECK(epoll_wait(ep, events, 8, -1) == 1);
    pthread_join(writer, 0);
    CHECK_ERROR(epoll_wait(ep, events, 0, 0), EINVAL);
    CHECK_ERROR(epoll_wait(0, events, 1, 0), EINVAL);
    unsigned long v;
    CHECK(read(shared_event, &v, 8) == 8);
    on_signal(SIGALRM, note_signal, SA_RESTART);
    ualarm(3000, 0);
    CHECK_ERROR(epoll_wait(ep, events, 8, -1), EINTR);

    int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec spec = {{0, 1000000}, {0, 1000000}}, now;
    CHECK_ERROR(read(t, &v, 8), EAGAIN);
    CHECK(timerfd_settime(t, 0, &spec, 0) == 0);
    CHECK(add(ep, EPOLL_CTL_ADD, t, EPOLLIN) == 0);
    CHECK(epoll_wait(ep, events, 8, 1000) == 1 && events[0].data.u64 >> 32 == (unsigned long)t);
    usleep(5000);
    CHECK(read(t, &v, 8) == 8 && v >= 4);
    CHECK(timerfd_gettime(t, &now) == 0 && now.it_interval.tv_nsec == 1000000);
    memset(&spec, 0, sizeof spec);
    CHECK(timerfd_settime(t, 0, &spec, 0) == 0);
    CHECK_ERROR(read(t, &v, 8), EAGAIN);
    CHECK_ERROR(timerfd_settime(ep, 0, &spec, 0), EINVAL);
    close(t);
    close(ep);
}

static void many(void) {
    struct pollfd set[120];
    int first = -1, p[2] = {-1, -1};
    for (int i = 0; i < 120; i++) {
        set[i].fd = eventfd(0, 0);
        set[i].events = POLLIN;
        if (!i) first = set[i].fd;
    }
    CHECK(first >= 0 && set[119].fd > 100);
    CHECK(poll(set, 120, 2) == 0);
    unsigned long one = 1;
    CHECK(write(set[117].fd, &one, 8) == 8);
    CHECK(poll(set, 120, -1) == 1 && set[117].revents == POLLIN && !set[3].revents);
    fd_set in;
    FD_ZERO(&in);
    for (int i = 0; i < 120; i++) FD_SET(set[i].fd, &in);
    struct timeval second = {1, 0};
    CHECK(select(set[119].fd + 1, &in, 0, 0, &second) == 1 && FD_ISSET(set[117].fd, &in));
    CHECK(second.tv_sec == 1 || second.tv_usec > 900000); /* what is left is told */
    close(set[5].fd);
    CHECK(poll(set, 120, 0) == 2 && set[5].revents == POLLNVAL);
    for (int i = 0; i < 120; i++) close(set[i].fd);
    CHECK(pipe(p) == 0);
    struct pollfd ends[2] = {{p[0], POLLIN, 0}, {p[1], POLLOUT, 0}};
    CHECK(poll(ends, 2, 0) == 1 && ends[1].revents == POLLOUT);
    close(p[0]);
    CHECK(poll(ends + 1, 1, 0) == 1 && (ends[1].revents & POLLERR));
    close(p[1]);
}

int main(void) {
    setvbuf(stdout, 0, _IONBF, 0);
    counters();
    levels_and_edges();
    waiting();
    many();
    return END;
}
