// SPDX-License-Identifier: Apache-2.0
//
// What /proc says of the machine.
#include "os/kernel/arch/big_lock.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/pipe.h"
#include "os/kernel/fs/proc/proc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/sched.h"

namespace stile::os {

namespace {

void meminfo(Text& out) {
    const uint64_t total = total_page_count() * 4, free = free_page_count() * 4;
    const auto line = [&](const char* name, uint64_t kib) {
        char spaces[32];
        const size_t used = strlen(name) + 1;
        memset(spaces, ' ', sizeof spaces);
        spaces[used < 16 ? 16 - used : 1] = 0;
        out.add("%s:%s%8lu kB\n", name, spaces, kib);
    };
    line("MemTotal", total);
    line("MemFree", free);
    line("MemAvailable", free);
    static constexpr const char* nothings[] = {"Buffers",  "Cached", "SwapCached",  "SwapTotal",
                                               "SwapFree", "Shmem",  "SReclaimable"};
    for (const char* nothing : nothings) line(nothing, 0);
}

void uptime(Text& out) {
    const uint64_t hundredths = clock_ns() / 10'000'000;
    out.add("%lu.%02lu 0.00\n", hundredths / 100, hundredths % 100);
}

void loadavg(Text& out) {
    unsigned running = 0, all = 0;
    int last = 0;
    for (Process* p = next_process(nullptr); p; p = next_process(p)) {
        all++;
        last = max(last, p->pid);
        if (p->first_thread && p->first_thread->state == ThreadState::runnable) running++;
    }
    out.add("0.00 0.00 0.00 %u/%u %d\n", running, all, last);
}

void version(Text& out) { out.add("Linux version 6.1.0-stile\n"); }
void filesystems(Text& out) { out.add("nodev\tproc\nnodev\ttmpfs\n"); }
void command_line(Text& out) { out.add("\n"); }
void cpuinfo(Text& out) {
    for (unsigned i = 0; i < cpu_count; i++)
        out.add(
            "processor\t: %u\nphysical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: "
            "%u\napicid\t\t: %u\n\n",
            i, cpu_count, i, cpu_count, i);
}

// In the spirit of Linux's file of that name. Of one CPU there is nothing to tell.
void lock_stat(Text& out) {
    out.add("lock cpu waits wait-ns\n");
    for (unsigned i = 0; i < cpu_count; i++)
        out.add("big %u %lu %lu\n", i, cpus[i]->lock_waits, tsc_to_ns(cpus[i]->lock_wait_tsc));
    out.add("big all %u\n", big_lock_word.next);
}
void swaps(Text& out) { out.add("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"); }

void stat(Text& out) {
    const uint64_t ticks = clock_ns() / 10'000'000;
    out.add("cpu  %lu 0 0 0 0 0 0 0 0 0\n", ticks * cpu_count);
    for (unsigned i = 0; i < cpu_count; i++) out.add("cpu%u %lu 0 0 0 0 0 0 0 0 0\n", i, ticks);
    unsigned processes = 0;
    for (Process* p = next_process(nullptr); p; p = next_process(p)) processes++;
    out.add("btime %lu\nprocesses %u\n", epoch_ns / 1'000'000'000, processes);
}

void pid_max(Text& out) { out.add("32768\n"); }
void os_type(Text& out) { out.add("Linux\n"); }
void os_release(Text& out) { out.add("6.1.0-stile\n"); }
void host_name(Text& out) { out.add("stile\n"); }
void pipe_max_size(Text& out) { out.add("%lu\n", Pipe::largest_size * page_size); }
void file_max(Text& out) { out.add("%u\n", FileTable::capacity); }
void overcommit(Text& out) { out.add("1\n"); }

void add(Inode* directory, const char* name, SystemText write) {
    Inode* i = proc_text_file(write);
    if (!i || directory->link_child(name, strlen(name), i) < 0) panic("no memory for /proc");
    inode_put(i);
}

}  // namespace

void proc_add_system_files(Inode* proc) {
    add(proc, "meminfo", meminfo);
    add(proc, "uptime", uptime);
    add(proc, "loadavg", loadavg);
    add(proc, "version", version);
    add(proc, "filesystems", filesystems);
    add(proc, "cmdline", command_line);
    add(proc, "cpuinfo", cpuinfo);
    add(proc, "stat", stat);
    add(proc, "swaps", swaps);
    add(proc, "lock_stat", lock_stat);
    Inode* mounts = make_child(proc, "mounts", 0120777);
    static char self_mounts[] = "self/mounts";
    mounts->target = self_mounts;
    Inode* sys = make_child(proc, "sys", 0040555);
    Inode* kernel = make_child(sys, "kernel", 0040555);
    add(kernel, "pid_max", pid_max);
    add(kernel, "ostype", os_type);
    add(kernel, "osrelease", os_release);
    add(kernel, "hostname", host_name);
    Inode* fs = make_child(sys, "fs", 0040555);
    add(fs, "pipe-max-size", pipe_max_size);
    add(fs, "file-max", file_max);
    add(make_child(sys, "vm", 0040555), "overcommit_memory", overcommit);
}

}  // namespace stile::os
