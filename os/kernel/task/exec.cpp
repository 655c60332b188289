// SPDX-License-Identifier: Apache-2.0
//
// execve, and the first programs at boot. The new program is built in a new address space beside the old one;
// only when nothing can fail any more does the process move over.
#include "abi/marker.h"
#include "os/kernel/base/boot_info.h"
#include "os/kernel/base/printk.h"
#include "os/kernel/base/string.h"
#include "os/kernel/dipc_hooks.h"
#include "os/kernel/fs/console.h"
#include "os/kernel/mm/kmalloc.h"
#include "os/kernel/sys/syscalls.h"
#include "os/kernel/task/posix_timer.h"
#include "os/kernel/task/sched.h"

namespace stile::os {
namespace {

// As Linux: one string, and all of them with their pointers within a quarter of the stack's limit.
constexpr size_t longest_string = 128 << 10;
constexpr size_t most_arguments = 2 << 20;
constexpr unsigned script_depth = 5;  // scripts read by scripts, as Linux
constexpr size_t script_room = (script_depth + 1) * 3 * 256;
constexpr uint64_t pie_base = 0x555555554000;

const char* base_name(const char* path) {
    const char* slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// What load_program has to say besides success and an error: the headers were in order, the rest was not.
// Linux finds that when the old program is gone; the process dies of it.
constexpr Status program_lost = 1;

Status build_program(const ElfImage& image, const char* path, const ProgramArguments& args,
                     uint64_t stack_limit, AddressSpace** space, uint64_t* bias, ProgramStart& start) {
    *bias = image.position_independent ? align_down(pie_base, image.alignment) - image.low : 0;
    bool eager = false;
    if (image.wants_dipc && image.position_independent && dipc_offered()) {
        if (const Status s = dipc_create_space(image, space, bias); s < 0) return s;
        eager = true;
    } else if (!(*space = address_space_create())) {
        return -ENOMEM;
    }
    (*space)->stack_limit = stack_limit;
    if (!image.doomed && image.entry + *bias < user_top && elf_map(**space, image, *bias, eager) >= 0 &&
        build_stack(**space, image, *bias, args, path, start) >= 0)
        return 0;
    address_space_put(*space);
    return program_lost;
}

// A dynamic program: whether its loader is there decides what Linux says; ours could not be run if it were.
Status refuse_dynamic(Process* p, const ElfImage& image, const char* path) {
    char loader[256];
    if (image.interpreter_size > sizeof loader) return -ENAMETOOLONG;
    image.inode->read_kernel(loader, image.interpreter_offset, image.interpreter_size);
    Inode* inode;
    if (const Status s = resolve(loader, p->fs->cwd, true, &inode); s < 0) return s;
    const bool runnable = inode->is_regular() && (inode->mode & 0111);
    inode_put(inode);
    if (!runnable) return -EACCES;
    printk("kernel: %s is dynamically linked; only static programs run\n", path);
    return -ELIBBAD;
}

// All other threads of the process leave; the caller becomes the only one.
void become_only_thread(Process* p) {
    Thread* self = current();
    for (Thread* t = p->first_thread; t; t = t->sibling) {
        if (t == self) continue;
        t->must_exit = true;
        set_work(t, work_signal);
        wake_for_signal(t);
    }
    if (p->live_threads > 1)
        wait_until(
            p->child_wait, [&] { return p->live_threads == 1; }, 0, false);
    self->tid = p->pid;
}

void own_handlers(Process* p) {
    if (p->handlers->refs > 1) {
        if (auto* copy = knew<SignalHandlers>(*p->handlers)) {
            p->handlers->refs--;
            copy->refs = 1;
            p->handlers = copy;
        }
    }
    reset_handlers(p->handlers);
}

}  // namespace

void reset_handlers(SignalHandlers* handlers) {
    for (SignalAction& a : handlers->action)
        if (a.handler != reinterpret_cast<uint64_t>(SIG_IGN)) a = {};
}

Status load_program(Process* p, Inode* inode, const char* path, const ProgramArguments& args,
                    TrapFrame* frame) {
    ElfImage image;
    AddressSpace* space = nullptr;
    uint64_t bias = 0;
    ProgramStart start{};
    if (const Status s = elf_parse(inode, image); s < 0) return s;
    if (image.interpreter_size) return refuse_dynamic(p, image, path);
    if (const Status s =
            build_program(image, path, args, p->limits[RLIMIT_STACK].rlim_cur, &space, &bias, start);
        s != 0)
        return s;
    const bool running = p->first_thread && p->first_thread->process == current()->process;
    if (running) become_only_thread(p);
    if (p->dipc_enabled || p->dipc) dipc_process_exited(p);

    AddressSpace* old = p->space;
    p->space = space;
    p->dipc_enabled = space->table->shared;
    if (running) page_table_activate(space->table);
    if (old) address_space_put(old);
    if (p->vforked) {
        p->vforked = false;
        p->vfork_wait.wake_all();
    }
    posix_timers_clear(p);
    file_table_close_on_exec(*p->files);
    own_handlers(p);
    copy_string(p->name, base_name(path), sizeof p->name);
    copy_string(p->exe, path, sizeof p->exe);
    process_set_program(p, inode);
    size_t argv_bytes = 0;
    for (uint64_t i = 0; i < args.argc; i++) argv_bytes += strlen(args.strings + argv_bytes) + 1;
    command_line_put(p->command_line);
    p->command_line = command_line_create(args.strings, argv_bytes);
    p->has_executed = true;
    p->keeps_capabilities = false;

    Thread* t = p->first_thread;
    t->fs_base = t->gs_base = 0;
    t->pkru = pkru_default;
    fpu_reset(t->fpu);
    if (running) {
        write_msr(msr_fs_base, 0);
        write_msr(msr_kernel_gs_base, 0);
        if (cpu().has_keys) write_pkru(pkru_default);
        asm volatile("fxrstor64 (%0)" : : "r"(t->fpu) : "memory");
    }
    t->clear_child_tid = t->robust_list = 0;
    t->clear_child_tid_domain = t->robust_list_domain = 0;
    if (t->cd_state) dipc_thread_exited(t);
    if (running && !p->dipc_enabled) domain_state_forget();
    t->alt_stack = {};
    memset(frame, 0, sizeof *frame);
    frame->rip = start.rip;
    frame->rsp = start.rsp;
    frame->cs = sel_user_code;
    frame->ss = sel_user_data;
    frame->rflags = flag_if;
    frame->vector = frame_syscall;
    set_work(t, work_full_return);
    STILE_MARK(STILE_MARK_K_EXEC, p->pid, path, bias);
    if (p->dipc_enabled) {
        if (const Status s = dipc_image_loaded(p, image, bias); s < 0) return s;
        if (const Status s = dipc_thread_started(t, frame); s < 0) return s;
    }
    return 0;
}

namespace {

// The strings of a user argv and envp, end to end, with room behind them for what scripts add.
class Strings {
  public:
    ~Strings() { kfree(at); }
    Status reserve(size_t bytes) {
        if (bytes <= size) return 0;
        auto* larger = static_cast<char*>(kmalloc(bytes + script_room));
        if (!larger) return -ENOMEM;
        memcpy(larger, at, used);
        kfree(at);
        at = larger;
        size = bytes;
        return 0;
    }
    // Appends a vector's strings. Count, or -errno.
    Status gather(UserAddr vector) {
        Status count = 0;
        for (; vector; vector += 8, count++) {
            UserAddr s;
            if (get_user(s, vector) < 0) return -EFAULT;
            if (!s) break;
            if (const Status n = append(s); n < 0) return n;
            if (used + 8 * static_cast<size_t>(count) > most_arguments) return -E2BIG;
        }
        return count;
    }

    char* at = nullptr;
    size_t used = 0, size = 0;

  private:
    Status append(UserAddr s) {
        for (;;) {
            const size_t room = min(size - used, longest_string);
            const Status n = room ? copy_string_from_user(at + used, s, room) : -ENAMETOOLONG;
            if (n >= 0) {
                used += static_cast<size_t>(n) + 1;
                return 0;
            }
            if (n != -ENAMETOOLONG) return n;
            if (room == longest_string || size >= most_arguments) return -E2BIG;
            if (const Status r = reserve(size * 4); r < 0) return r;
        }
    }
};

bool may_execute(const Inode& i) { return i.is_regular() && (i.mode & 0111); }

// From a script to the program that reads it, which may be a script as well. `inode` is replaced.
Status find_program(Process* p, const char* path, ProgramArguments& args, size_t room, char* interpreter,
                    Inode** inode) {
    char named[256];
    const char* script = path;
    for (unsigned depth = 0;; depth++) {
        if (!may_execute(**inode)) return -EACCES;
        if ((*inode)->writers) return -ETXTBSY;
        const Status s = script_interpreter(*inode, script, args, room, interpreter, sizeof named);
        if (s <= 0) return s;
        if (depth == script_depth) return -ELOOP;
        copy_string(named, interpreter, sizeof named);
        script = named;
        inode_put(*inode);
        *inode = nullptr;
        if (const Status r = resolve(interpreter, p->fs->cwd, true, inode); r < 0) return r;
    }
}

[[noreturn]] void lose_program(Process* p) {
    stile_kill_info k{};
    k.signal = SIGSEGV;
    k.vector = STILE_KILL_EXEC;
    STILE_MARK(STILE_MARK_K_KILLED, p->pid, &k, 0);
    exit_process(SIGSEGV);
}

}  // namespace

// `inode` is consumed.
static Status execute(Process* p, Inode* inode, const char* path, UserAddr argv, UserAddr envp) {
    char interpreter[256];
    Strings strings;
    Status s = strings.reserve(32 << 10);
    if (s >= 0) s = strings.gather(argv);
    ProgramArguments args{static_cast<uint64_t>(s), 0, nullptr, 0};
    if (s >= 0) s = strings.gather(envp);
    if (s >= 0) {
        args.envc = static_cast<uint64_t>(s);
        args.strings = strings.at;
        args.bytes = strings.used;
        s = find_program(p, path, args, strings.size + script_room, interpreter, &inode);
    }
    if (s >= 0) s = load_program(p, inode, path, args, current()->frame());
    if (inode) inode_put(inode);
    return s;
}

static Status execute_at(int dirfd, UserAddr path_at, UserAddr argv, UserAddr envp, int flags) {
    const UserPath name(path_at);
    if (name.status() < 0) return name.status();
    if (name.empty() && !(flags & AT_EMPTY_PATH)) return -ENOENT;
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL;
    const char* path = name.text();
    char by_number[24];
    Process* p = current_process();
    if (p != current()->process) return -EPERM;  // a visitor may not replace its host
    Inode *inode, *from;
    if (!*path && (flags & AT_EMPTY_PATH) && dirfd != AT_FDCWD) {
        File* f = any_file_of_fd(dirfd);
        if (!f) return -EBADF;
        if (!(inode = f->inode())) return -EACCES;
        inode_get(inode);
        copy_string(by_number, "/dev/fd/", sizeof by_number);  // what Linux calls it
        path = by_number;
        char digits[12];
        int n = sizeof digits;
        for (digits[--n] = 0; dirfd || n == sizeof digits - 1; dirfd /= 10)
            digits[--n] = static_cast<char>('0' + dirfd % 10);
        copy_string(by_number + 8, digits + n, sizeof by_number - 8);
    } else {
        if (const Status s = directory_of(dirfd, path, &from); s < 0) return s;
        if (const Status s = resolve(path, from, true, &inode); s < 0) return s;
        if (flags & AT_SYMLINK_NOFOLLOW) {
            Inode* itself;
            if (resolve(path, from, false, &itself) == 0) {
                const bool link = itself->is_symlink();
                inode_put(itself);
                if (link) {
                    inode_put(inode);
                    return -ELOOP;
                }
            }
        }
    }
    if (!may_execute(*inode) || inode->writers) {  // told before argv is looked at
        const Status s = inode->writers && may_execute(*inode) ? -ETXTBSY : -EACCES;
        inode_put(inode);
        return s;
    }
    return execute(p, inode, path, argv, envp);
}
extern "C" long sys_execveat(int dirfd, UserAddr path_at, UserAddr argv, UserAddr envp, int flags) {
    const Status s = execute_at(dirfd, path_at, argv, envp, flags);
    if (s == program_lost) lose_program(current_process());
    return s;
}
extern "C" long sys_execve(UserAddr path, UserAddr argv, UserAddr envp) {
    return sys_execveat(AT_FDCWD, path, argv, envp, 0);
}

// 127: what a shell's status says of a command that it cannot run.
[[noreturn]] static void cannot_run(const char* path, Status s) {
    printk("kernel: cannot run %s: error %ld\n", path, -s);
    power_off(127 << 8);
}

static File* open_at_boot(const char* path, uint32_t flags) {
    InodeRef inode;
    File* f;
    if (resolve(path, root_inode(), true, inode.out()) < 0 || open_inode(inode.get(), flags, &f) < 0)
        panic("no file %s", path);
    return f;
}

Process* spawn_boot_process(unsigned index) {
    const stile_boot_process& b = boot_info.processes[index];
    const char* path = boot_info.strings + b.path;
    Process* p = process_create(nullptr);
    Inode* inode;
    if (const Status s = resolve(path, root_inode(), true, &inode); s < 0) cannot_run(path, s);
    p->files = file_table_create();
    p->fs = knew<FsContext>();
    const char* cwd = b.cwd ? boot_info.strings + b.cwd : "/";
    if (const Status s = resolve(cwd, root_inode(), true, &p->fs->cwd); s < 0) cannot_run(cwd, s);
    if (!p->fs->cwd->is_directory()) cannot_run(cwd, -ENOTDIR);
    p->handlers = knew<SignalHandlers>();
    p->main = index == 0;
    Thread* t = thread_create(p);
    if (!t) panic("no memory for %s", path);
    t->tid = p->pid;
    if (b.cores) t->allowed = b.cores;
    if (!(t->allowed & cpus_online())) panic("none of the CPUs for %s is there", path);
    thread_list_add(t);

    const char* console = "/dev/console";
    p->files->slots[0].file =
        open_at_boot(b.stdin_path ? boot_info.strings + b.stdin_path : console, O_RDONLY);
    p->files->slots[1].file = open_at_boot(console, O_WRONLY);
    p->files->slots[2].file = open_at_boot(console, O_WRONLY);

    const char* argv = boot_info.strings + b.argv;
    const char* envp = boot_info.strings + b.envp;
    size_t argv_bytes = 0, envp_bytes = 0;
    for (unsigned i = 0; i < b.argc; i++) argv_bytes += strlen(argv + argv_bytes) + 1;
    for (unsigned i = 0; i < b.envc; i++) envp_bytes += strlen(envp + envp_bytes) + 1;
    ProgramArguments args{b.argc, b.envc, static_cast<char*>(kmalloc(argv_bytes + envp_bytes + 16)),
                          argv_bytes + envp_bytes};
    memcpy(args.strings, argv, argv_bytes);
    memcpy(args.strings + argv_bytes, envp, envp_bytes);
    if (const Status s = load_program(p, inode, path, args, t->frame()); s != 0) {
        cannot_run(path, s);
    }
    kfree(args.strings);
    inode_put(inode);
    make_runnable(t);
    return p;
}

}  // namespace stile::os
