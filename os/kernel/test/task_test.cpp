// SPDX-License-Identifier: Apache-2.0
//
// Are threads run in turn, woken once and in order, and timers fired in the order of their deadlines?
#include "os/kernel/task/sched.h"
#include "os/kernel/test/test.h"

namespace stile::os {
namespace {

constinit char trace[64];
constinit unsigned traced = 0;
void note(char c) {
    if (traced < sizeof trace) trace[traced++] = c;
}

Thread* start(void (*entry)(void*), void* argument) {
    Thread* t = thread_create(nullptr);
    if (!t) return nullptr;
    t->tid = allocate_tid();
    t->kernel_entry = entry;
    t->kernel_argument = argument;
    t->allowed = current()->allowed;  // turns are those of one CPU
    thread_list_add(t);
    make_runnable(t);
    return t;
}

void three_turns(void* name) {
    for (int i = 0; i < 3; i++) {
        note(static_cast<char>(reinterpret_cast<uintptr_t>(name)));
        yield();
    }
}

constinit WaitQueue queue;
constinit bool open = false;
void wait_then_note(void* name) {
    wait_until(queue, [] { return open; });
    note(static_cast<char>(reinterpret_cast<uintptr_t>(name)));
}

}  // namespace

KERNEL_TEST(threads_run_in_turn) {
    traced = 0;
    for (uintptr_t c = 'a'; c < 'd'; c++) CHECK(start(three_turns, reinterpret_cast<void*>(c)));
    for (int i = 0; i < 5; i++) yield();
    CHECK(traced == 9);
    for (unsigned i = 0; i < 9; i++) CHECK(trace[i] == static_cast<char>('a' + i % 3));
    return true;
}

KERNEL_TEST(dead_threads_give_their_memory_back) {
    start(three_turns, nullptr);
    for (int i = 0; i < 6; i++) yield();
    const uint64_t before = free_page_count();
    for (int n = 0; n < 50; n++) {
        start(three_turns, nullptr);
        for (int i = 0; i < 5; i++) yield();
    }
    CHECK(free_page_count() == before);
    return true;
}

KERNEL_TEST(waiters_wake_in_order_and_one_at_a_time) {
    traced = 0;
    open = false;
    for (uintptr_t c = 'x'; c <= 'z'; c++) start(wait_then_note, reinterpret_cast<void*>(c));
    yield();
    CHECK(traced == 0 && !queue.empty());
    queue.wake();  // too early: the first one looks and lies down again, behind the others
    yield();
    CHECK(traced == 0);
    open = true;
    queue.wake();
    yield();
    CHECK(traced == 1 && trace[0] == 'y');
    queue.wake_all();
    yield();
    CHECK(traced == 3 && trace[1] == 'z' && trace[2] == 'x' && queue.empty());
    return true;
}

KERNEL_TEST(sleep_ends_at_the_deadline) {
    const uint64_t start_tsc = read_tsc(), deadline = start_tsc + ns_to_tsc(1000000);
    current()->state = ThreadState::runnable;
    CHECK(sleep(true, deadline) == -ETIMEDOUT);
    const uint64_t late = read_tsc() - deadline;
    CHECK(read_tsc() >= deadline && tsc_to_ns(late) < 100000);
    WaitQueue never;
    CHECK(wait_until(
              never, [] { return false; }, read_tsc() + ns_to_tsc(50000)) == -ETIMEDOUT);
    CHECK(never.empty());
    return true;
}

KERNEL_TEST(timers_fire_in_order_of_deadline) {
    static Timer timers[3];
    traced = 0;
    timers[0].fire = [](Timer&) { note('2'); };
    timers[1].fire = [](Timer&) { note('0'); };
    timers[2].fire = [](Timer&) { note('1'); };
    const uint64_t now = read_tsc();
    timer_start(timers[0], now + ns_to_tsc(300000));
    timer_start(timers[1], now + ns_to_tsc(100000));
    timer_start(timers[2], now + ns_to_tsc(200000));
    Timer cancelled;
    cancelled.fire = [](Timer&) { note('!'); };
    timer_start(cancelled, now + ns_to_tsc(150000));
    timer_cancel(cancelled);
    CHECK(sleep(true, now + ns_to_tsc(400000)) == -ETIMEDOUT);
    CHECK(traced == 3 && trace[0] == '0' && trace[1] == '1' && trace[2] == '2');
    return true;
}

KERNEL_TEST(clocks_convert_both_ways) {
    for (uint64_t ns = 1000; ns < 1000000000000ull; ns = ns * 7 + 13) {
        const uint64_t back = tsc_to_ns(ns_to_tsc(ns));
        CHECK(back + ns / 100000000 + 2 > ns && back <= ns + ns / 100000000 + 2);
    }
    return true;
}

}  // namespace stile::os
