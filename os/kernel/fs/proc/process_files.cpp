// SPDX-License-Identifier: Apache-2.0
//
// What /proc/PID says of a process. Fields that this kernel has no notion of are 0, as proc(5) allows.
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/fs/proc/proc.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/task/sched.h"

namespace stile::os {

namespace {

char state_of(const Process& p) {
    if (p.zombie) return 'Z';
    if (p.stopped) return 'T';
    for (const Thread* t = p.first_thread; t; t = t->sibling)
        if (t->state == ThreadState::runnable) return 'R';
    return 'S';
}

uint64_t hundredths(uint64_t tsc) { return tsc_to_ns(tsc) / 10'000'000; }

uint64_t processor_time(const Process& p) {
    uint64_t tsc = p.cpu_tsc;
    for (const Thread* t = p.first_thread; t; t = t->sibling) tsc += t->cpu_tsc;
    return tsc;
}

uint64_t mapped_pages(const Process& p) { return p.space ? p.space->mapped_pages : 0; }

// A number whose hexadecimal digits are the octal ones of `v`: printk knows no octal.
unsigned octal_digits(unsigned v) {
    unsigned digits = 0;
    for (unsigned shift = 0; v; v >>= 3, shift += 4) digits |= (v & 7) << shift;
    return digits;
}

void command_line(Text& out, Process& p) {
    if (p.command_line) out.add_bytes(p.command_line->text, p.command_line->size);
}

void comm(Text& out, Process& p) { out.add("%s\n", p.name); }

void stat(Text& out, Process& p) {
    out.add("%d (%s) %c %d %d %d 0 -1 0 0 0 0 0 ", p.pid, p.name, state_of(p), p.parent ? p.parent->pid : 0,
            p.pgid, p.sid);
    const Thread* first = p.first_thread;
    const int real_time = first ? first->real_time : 0;
    out.add("%lu 0 %lu 0 %d 0 %u 0 %lu %lu %lu ", hundredths(processor_time(p)), hundredths(p.child_cpu_tsc),
            real_time ? -1 - real_time : 20, p.live_threads, hundredths(p.start_tsc),
            mapped_pages(p) * page_size, mapped_pages(p));
    out.add("18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 %u %d %d 0 0 0 0 0 0 0 0 0 0 %d\n",
            first ? first->cpu : 0, real_time, first ? first->policy : 0, p.exit_status);
}

void statm(Text& out, Process& p) {
    const uint64_t pages = mapped_pages(p);
    out.add("%lu %lu 0 0 0 %lu 0\n", pages, pages, pages);
}

void status(Text& out, Process& p) {
    const char c = state_of(p);
    const char* word = c == 'Z' ? "zombie" : c == 'T' ? "stopped" : c == 'R' ? "running" : "sleeping";
    out.add("Name:\t%s\nUmask:\t%04x\nState:\t%c (%s)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
            p.name, octal_digits(p.fs ? p.fs->umask : 022), c, word, p.pid, p.pid,
            p.parent ? p.parent->pid : 0);
    out.add("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nFDSize:\t%u\nGroups:\t0 \n", FileTable::capacity);
    const uint64_t kib = mapped_pages(p) * 4;
    out.add("VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmRSS:\t%8lu kB\nThreads:\t%u\n", kib, kib, kib,
            p.live_threads);
    SignalSet ignored = 0, caught = 0;
    for (int s = 1; p.handlers && s <= signal_count; s++) {
        const uint64_t handler = p.handlers->action[s].handler;
        if (handler == reinterpret_cast<uint64_t>(SIG_IGN))
            ignored |= signal_bit(s);
        else if (handler)
            caught |= signal_bit(s);
    }
    out.add("SigQ:\t0/0\nSigPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n", p.pending.set,
            p.first_thread ? p.first_thread->blocked : 0, ignored, caught);
    const uint64_t allowed = p.first_thread ? p.first_thread->allowed & cpus_online() : cpus_online();
    out.add("Cpus_allowed:\t%lx\nCpus_allowed_list:\t", allowed);
    const char* comma = "";
    for (unsigned i = 0; i < cpu_count; i++) {
        if (!(allowed >> i & 1)) continue;
        const unsigned first = i;
        while (i + 1 < cpu_count && (allowed >> (i + 1) & 1)) i++;
        out.add(first == i ? "%s%u" : "%s%u-%u", comma, first, i);
        comma = ",";
    }
    out.add("\n");
}

// "start-end rwxp offset dev inode  path", the path from column 73 on.
void maps(Text& out, Process& p) {
    auto* path = static_cast<char*>(kmalloc(path_max));
    if (!p.space || !path) return kfree(path);
    for (const VmArea& a : p.space->areas) {
        Inode* file = a.source ? a.source->source_inode() : nullptr;
        char line[160];
        const int n =
            format_string(line, sizeof line, "%08lx-%08lx %c%c%c%c %08lx 00:%02x %lu ", a.start, a.end,
                          a.prot & PROT_READ ? 'r' : '-', a.prot & PROT_WRITE ? 'w' : '-',
                          a.prot & PROT_EXEC ? 'x' : '-', a.flags & vm_shared ? 's' : 'p',
                          file ? a.source_index * page_size : 0, file ? 1u : 0u, file ? file->number : 0);
        out.add_bytes(line, static_cast<size_t>(n));
        const char* name = nullptr;
        if (file)
            name = path_of(file, path, path_max) > 0 ? path : "(deleted)";
        else if (a.flags & vm_grows_down)
            name = "[stack]";
        else if (a.start < p.space->brk && a.end > p.space->brk_start)
            name = "[heap]";
        if (name) {
            for (int column = n; column < 73; column++) out.add_bytes(" ", 1);
            out.add_bytes(name, strlen(name));
        }
        out.add_bytes("\n", 1);
    }
    kfree(path);
}

void mounts(Text& out, Process&) {
    out.add("tmpfs / tmpfs rw,relatime 0 0\nproc /proc proc rw,relatime 0 0\n");
}

void oom_score_adj(Text& out, Process&) { out.add("0\n"); }

}  // namespace

const ProcessFile process_files[] = {
    {"cmdline", command_line},        {"comm", comm}, {"maps", maps},   {"mounts", mounts},
    {"oom_score_adj", oom_score_adj}, {"stat", stat}, {"statm", statm}, {"status", status},
};
const unsigned process_file_count = sizeof process_files / sizeof process_files[0];

}  // namespace stile::os
