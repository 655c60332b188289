// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/native.h"

#include <cpuid.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <stdexcept>

#include "tests/isa/native_entry.h"

namespace stile::fuzz {

namespace {

struct Job {
    State start;
    uint64_t entry;
    SecondPage second_page;
    State end;
    Stop stop;
    std::array<uint8_t, data_bytes> data;
};

// Between parent and child.
struct Shared {
    unsigned first, count;  // cases to run
    unsigned current;       // the one that is running
    std::array<uint8_t, data_bytes> data;
    std::array<Job, slots> jobs;
};

constexpr uint64_t set_gs = 0x1001, get_fs = 0x1003, get_gs = 0x1004;  // arch_prctl

// No libc: it is also called while thread-local storage is the case's.
[[gnu::always_inline]] inline long system_call(long number, uint64_t a, uint64_t b) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
    return result;
}
[[gnu::always_inline]] inline void copy(void* to, const void* from, size_t bytes) {
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

// Linux leaves AC as the case had it, and what a compiler makes of a handler is not all aligned. (Below RSP
// may be the handler's red zone.)
[[gnu::always_inline]] inline void stop_checking_alignment() {
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp\n pushfq\n andl $~0x40000, (%%rsp)\n popfq\n lea 128(%%rsp), %%rsp"
        :
        :
        : "memory", "cc");
}

[[gnu::no_stack_protector, gnu::no_sanitize("address", "undefined")]] void on_signal(int signal, siginfo_t*,
                                                                                     void* context) {
    stop_checking_alignment();
    NativeFrame& f = stile_native_frame;
    auto& m = static_cast<ucontext_t*>(context)->uc_mcontext;
    if (signal == SIGALRM) {
        const bool again = f.inside && f.seen_number == f.number;
        f.seen_number = f.number;
        if (!again) return;
    } else if (!f.inside) {  // ours, not the case's
        system_call(SYS_kill, static_cast<uint64_t>(system_call(SYS_getpid, 0, 0)), SIGKILL);
    }
    static constexpr int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                      REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    for (unsigned i = 0; i < 16; ++i) f.state.r[i] = static_cast<uint64_t>(m.gregs[order[i]]);
    f.state.flags = static_cast<uint64_t>(m.gregs[REG_EFL]);
    copy(f.state.fx.data(), m.fpregs, 512);  // the kernel's frame begins with the fxsave image
    system_call(SYS_arch_prctl, get_fs, reinterpret_cast<uint64_t>(&f.state.fs_base));
    f.stop.kind = signal == SIGALRM ? Stop::endless : signal == SIGSYS ? Stop::forbidden : Stop::fault;
    f.stop.vector = static_cast<uint8_t>(m.gregs[REG_TRAPNO]);
    f.stop.error = static_cast<uint32_t>(m.gregs[REG_ERR]);
    f.stop.address = static_cast<uint64_t>(m.gregs[REG_CR2]);
    f.stop.rip = static_cast<uint64_t>(m.gregs[REG_RIP]);
    f.inside = 0;
    m.gregs[REG_RIP] = reinterpret_cast<greg_t>(&stile_native_resume);
    m.gregs[REG_RSP] = reinterpret_cast<greg_t>(f.stack + sizeof f.stack);
    m.gregs[REG_EFL] = 0x202;
}

// Populated: the first fault on a page would otherwise be reported as one on an absent page.
void map(uint64_t at, uint64_t bytes, int protection, int file, uint64_t offset) {
    void* p = mmap(reinterpret_cast<void*>(at), bytes, protection,
                   MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_POPULATE, file, static_cast<off_t>(offset));
    if (p == MAP_FAILED) _exit(2);
}

// Refuses system calls made from where the code under test is, and those that arrive by sysenter, whose
// return address is an offset near 0 in a process without a 32-bit vdso.
void refuse_system_calls() {
    constexpr unsigned ip = offsetof(seccomp_data, instruction_pointer);
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ip),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, static_cast<uint32_t>(code_at), 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x10000, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    sock_fprog program{std::size(code), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(3);
}

void install_handlers() {
    static uint8_t stack[1 << 16];
    const stack_t alternate{stack, 0, sizeof stack};
    sigaltstack(&alternate, nullptr);
    struct sigaction act = {};
    act.sa_sigaction = on_signal;
    act.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    for (const int s : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGALRM})
        sigaction(s, &act, nullptr);
    const itimerval period{{0, 50'000}, {0, 50'000}};
    setitimer(ITIMER_REAL, &period, nullptr);
}

// `jmp [rip]` and where to.
void write_exit() {
    void* p = mmap(reinterpret_cast<void*>(exit_at), page_bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (p == MAP_FAILED) _exit(2);
    auto* b = static_cast<uint8_t*>(p);
    const uint8_t jump[] = {0xff, 0x25, 2, 0, 0, 0, 0x90, 0x90};  // aligned: AC may be set
    const auto target = reinterpret_cast<uint64_t>(&stile_native_exit);
    std::memcpy(b, jump, sizeof jump);
    std::memcpy(b + sizeof jump, &target, 8);
    mprotect(p, page_bytes, PROT_READ | PROT_EXEC);
}

void protect(SecondPage second_page) {
    const int how = second_page == SecondPage::writable    ? PROT_READ | PROT_WRITE
                    : second_page == SecondPage::read_only ? PROT_READ
                                                           : PROT_NONE;
    if (mprotect(reinterpret_cast<void*>(data_at + page_bytes), page_bytes, how) != 0) _exit(2);
}

void run_job(Job& job) {
    // Left behind by a case that loaded them.
    __asm__ volatile("mov %0, %%ds; mov %0, %%es" : : "r"(0));
    NativeFrame& f = stile_native_frame;
    f.state = job.start;
    f.entry = job.entry;
    f.stop = Stop{};
    f.stop.kind = Stop::done;
    ++f.number;
    system_call(SYS_arch_prctl, set_gs, job.start.gs_base);
    stile_native_enter();
    job.end = f.state;
    job.stop = f.stop;
    system_call(SYS_arch_prctl, get_gs, reinterpret_cast<uint64_t>(&job.end.gs_base));
}

[[noreturn]] void child(Shared& shared, int code, int data, int orders, int answers) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned i = 0; i < slots; ++i) {
        const int writable = i >= first_writable_slot ? PROT_WRITE : 0;
        map(slot_at(i), slot_bytes, PROT_READ | PROT_EXEC | writable, code, i * slot_bytes);
    }
    map(data_at, data_bytes, PROT_READ | PROT_WRITE, data, 0);
    map(read_only_at, page_bytes, PROT_READ, data, data_bytes);
    write_exit();
    install_handlers();
    stile_native_frame.host_mxcsr = 0x1f80;
    system_call(SYS_arch_prctl, get_fs, reinterpret_cast<uint64_t>(&stile_native_frame.host_fs));
    refuse_system_calls();
    auto* window = reinterpret_cast<uint8_t*>(data_at);
    char byte;
    while (read(orders, &byte, 1) == 1) {
        for (unsigned i = shared.first; i < shared.count; ++i) {
            shared.current = i;
            std::memcpy(window, shared.data.data(), data_bytes);
            const SecondPage second_page = shared.jobs[i].second_page;
            if (second_page != SecondPage::writable) protect(second_page);
            run_job(shared.jobs[i]);
            if (second_page != SecondPage::writable) protect(SecondPage::writable);
            std::memcpy(shared.jobs[i].data.data(), window, data_bytes);
        }
        if (write(answers, &byte, 1) != 1) break;
    }
    _exit(0);
}

uint8_t* share(int file, uint64_t bytes) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, file < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED,
                   file, 0);
    if (p == MAP_FAILED) throw std::runtime_error("no memory to share with the native process");
    return static_cast<uint8_t*>(p);
}

int make_file(const char* name, uint64_t bytes) {
    const int file = memfd_create(name, MFD_CLOEXEC);
    if (file < 0 || ftruncate(file, static_cast<off_t>(bytes)) != 0)
        throw std::runtime_error("no memory file for the native process");
    return file;
}

}  // namespace

struct Native::Impl {
    Shared* shared = reinterpret_cast<Shared*>(share(-1, sizeof(Shared)));
    int code_file = make_file("code", slots*slot_bytes), data_file = make_file("data", window_bytes);
    uint8_t* code = share(code_file, slots* slot_bytes);
    uint8_t* data = share(data_file, window_bytes);
    pid_t pid = 0;
    int orders = -1, answers = -1;

    ~Impl() {
        stop();
        munmap(shared, sizeof(Shared));
        munmap(code, slots * slot_bytes);
        munmap(data, window_bytes);
        close(code_file);
        close(data_file);
    }
    void start() {
        int to[2], from[2];
        if (pipe(to) != 0 || pipe(from) != 0) throw std::runtime_error("no pipes for the native process");
        pid = fork();
        if (pid < 0) throw std::runtime_error("no native process");
        if (pid == 0) {
            close(to[1]);
            close(from[0]);
            child(*shared, code_file, data_file, to[0], from[1]);
        }
        close(to[0]);
        close(from[1]);
        orders = to[1];
        answers = from[0];
    }
    void stop() {
        if (pid == 0) return;
        close(orders);
        close(answers);
        waitpid(pid, nullptr, 0);
        pid = 0;
    }
    // False: the child died in case shared->current.
    bool batch(unsigned first, unsigned count) {
        if (pid == 0) start();
        shared->first = first;
        shared->count = count;
        shared->current = count;
        char byte = 0;
        if (write(orders, &byte, 1) != 1) return false;
        ssize_t got;
        do got = read(answers, &byte, 1);
        while (got < 0 && errno == EINTR);
        if (got == 1) return true;
        stop();
        return false;
    }
};

Native::Native() : impl_(std::make_unique<Impl>()) {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);  // a dead child is noticed by the read
}
Native::~Native() = default;

void Native::run(const Data& data, std::span<const Program> programs, std::span<Outcome> outcomes) {
    Impl& m = *impl_;
    std::memcpy(m.data, data.data(), window_bytes);
    std::memcpy(m.shared->data.data(), data.data(), data_bytes);
    for (size_t i = 0; i < programs.size(); ++i) {
        const Program& p = programs[i];
        std::memcpy(m.code + p.slot * slot_bytes, p.code.data(), slot_bytes);
        m.shared->jobs[i].start = p.start;
        m.shared->jobs[i].entry = p.entry;
        m.shared->jobs[i].second_page = p.second_page;
    }
    const auto count = static_cast<unsigned>(programs.size());
    for (unsigned first = 0; first < count;) {
        if (m.batch(first, count)) break;
        if (m.shared->current >= count) throw std::runtime_error("the native process does not start");
        m.shared->jobs[m.shared->current].stop = Stop{};
        first = m.shared->current + 1;
    }
    for (unsigned i = 0; i < count; ++i) {
        const Job& job = m.shared->jobs[i];
        outcomes[i].state = job.end;
        outcomes[i].stop = job.stop;
        outcomes[i].data = job.data;
        outcomes[i].instructions = 0;
        std::memcpy(outcomes[i].code.data(), m.code + programs[i].slot * slot_bytes, slot_bytes);
    }
}

void Native::place(const Program& program) {
    std::memcpy(impl_->code + program.slot * slot_bytes, program.code.data(), slot_bytes);
}

bool Native::has_fsgsbase() { return getauxval(AT_HWCAP2) & 2; }

bool Native::has_keys() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    constexpr unsigned ospke = 1 << 4;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & ospke);
}

}  // namespace stile::fuzz
