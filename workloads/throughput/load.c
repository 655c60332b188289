/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "workloads/throughput/load.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "abi/syscall.h"

int64_t load_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int take(const struct load_option* o, const char* value) {
    char* end;
    if (o->text) {
        *o->text = value;
        return 1;
    }
    *o->number = strtol(value, &end, 10);
    return *value != '\0' && *end == '\0' && *o->number >= 0;
}

static int one_of(const char* text, const char* const* names) {
    for (int i = 0; names[i]; ++i)
        if (strcmp(text, names[i]) == 0) return i;
    return -1;
}

static int wrong(const struct load* l, const char* what) {
    fprintf(stderr, "%s: %s\n", l->argv[0], what);
    return 2;
}

static int understand(struct load* l) {
    static const char* const placements[] = {"free", "same_core", "other_core", "spread", NULL};
    static const char* const kinds[] = {"auto", "processes", "threads", NULL};
    static const char* const locks[] = {"no", "yes", NULL};
    const int where = one_of(l->placement, placements), kind = one_of(l->kind, kinds),
              touch = stile_touch_named(l->touch), locked = one_of(l->lock, locks);
    if (where < 0) return wrong(l, "placement= takes free, same_core, other_core or spread");
    if (kind < 0) return wrong(l, "kind= takes auto, processes or threads");
    if (touch < 0) return wrong(l, "touch= takes none, read or write");
    if (locked < 0) return wrong(l, "lock= takes no or yes");
    if (l->clients < 1 || l->clients > STILE_POOL_MOST_CLIENTS || l->servers < 1 ||
        l->servers > STILE_POOL_MOST_SERVERS)
        return wrong(l, "clients= and servers= take 1 to 64");
    if (l->work > MOST_WORK) return wrong(l, "work= takes 0 to 4096");
    if (stile_pool_open(&l->pool, l->mechanism) != 0) return wrong(l, "there is no such mechanism");
    const unsigned flags = l->pool.mechanism->flags;
    l->where = (enum placement)where;
    l->pool.capacity = (size_t)l->size;
    l->pool.policy = strcmp(l->policy, "high") == 0 ? STILE_POLICY_HIGH : STILE_POLICY_LOW;
    l->pool.clients = (unsigned)l->clients;
    l->pool.servers = (unsigned)l->servers;
    l->pool.threads = kind == 2 || (kind == 0 && (flags & STILE_SAME_PROCESS));
    l->service.size = (size_t)l->size;
    l->service.touch = (enum stile_touch)touch;
    l->service.in_place = !(flags & STILE_IN_READ_ONLY);
    l->service.locked = locked;
    l->service.work = (unsigned)l->work;
    l->service.expected = (uint64_t)(l->clients * (l->warmup + l->repetitions));
    l->pool.handler = service_handle;
    l->pool.context = &l->service;
    l->pool.stopping = &l->service.stopping;
    if (l->handover) snprintf(l->pool.handover, sizeof l->pool.handover, "%s", l->handover);
    return 0;
}

int load_arguments(struct load* l, int argc, char** argv, const struct load_option* more) {
    *l = (struct load){.touch = "read", .policy = "low", .kind = "auto", .placement = "free", .lock = "yes"};
    l->clients = l->servers = 1;
    l->warmup = 10;
    l->repetitions = 100;
    l->client = -1;
    l->server = -1;
    l->argv = argv;
    l->argc = argc;
    const struct load_option common[] = {{"mechanism", NULL, &l->mechanism},
                                         {"touch", NULL, &l->touch},
                                         {"policy", NULL, &l->policy},
                                         {"kind", NULL, &l->kind},
                                         {"placement", NULL, &l->placement},
                                         {"lock", NULL, &l->lock},
                                         {"handover", NULL, &l->handover},
                                         {"size", &l->size, NULL},
                                         {"clients", &l->clients, NULL},
                                         {"servers", &l->servers, NULL},
                                         {"work", &l->work, NULL},
                                         {"warmup", &l->warmup, NULL},
                                         {"repetitions", &l->repetitions, NULL},
                                         {"client", &l->client, NULL},
                                         {"crew", &l->crew_fd, NULL},
                                         {NULL, NULL, NULL}};
    for (int i = 1; i < argc; ++i) {
        const char* value = strchr(argv[i], '=');
        const struct load_option* found = NULL;
        for (int table = 0; table < 2 && value && !found; ++table)
            for (const struct load_option* o = table ? more : common; o->name; ++o)
                if (strlen(o->name) == (size_t)(value - argv[i]) &&
                    strncmp(o->name, argv[i], strlen(o->name)) == 0)
                    found = o;
        if (!found || !take(found, value + 1)) {
            fprintf(stderr, "%s: %s: no KEY=VALUE that this program knows, or no number\n", argv[0], argv[i]);
            return 2;
        }
    }
    if (!l->mechanism) return wrong(l, "mechanism= is needed");
    cpu_set_t cores;
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        for (int i = 0; i < CPU_SETSIZE; ++i)
            if (CPU_ISSET(i, &cores)) l->cores[l->core_count++] = i;
    return understand(l);
}

/* Clients on every second core from the first, servers on those between, where they are to be apart. */
int load_place(struct load* l, int server, unsigned number) {
    const unsigned n = (unsigned)l->core_count;
    unsigned core = 0;
    if (l->where == FREE) return 0;
    if (l->where == SPREAD) core = number % n;
    if (l->where == OTHER_CORE) core = server ? 2 * (number % (n / 2)) + 1 : 2 * (number % ((n + 1) / 2));
    return (int)stile_run_on((unsigned)l->cores[core]);
}

void load_touch(const struct load* l, void* in, long length, void* scratch) {
    stile_touch(l->service.touch, in, (size_t)length, l->service.in_place, scratch);
}

long load_verified_call(const struct load* l, struct stile_channel* ch, unsigned op, unsigned client,
                        unsigned number) {
    void* in;
    const uint32_t code = CODE(op, client, number);
    const size_t size = l->service.size;
    stile_payload_fill(ch->out, size, REQUEST_SEED(code));
    if (op == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_ARM, REQUEST_SEED(code), size, 0);
    const long n = stile_channel_call(ch, code, size, &in);
    if (op == OP_CENSUS) STILE_MARK(STILE_MARK_CENSUS_STOP, 0, 0, 0);
    if (n < 0) return n;
    return (size_t)n == size && stile_payload_matches(in, (size_t)n, ANSWER_SEED(code));
}

int load_last_calls(const struct load* l, unsigned client, struct stile_channel* ch, uint32_t gate) {
    void* in;
    long r;
    if (client != 0 || (l->pool.mechanism->flags & STILE_POOL_NO_SERVER)) {
        stile_crew_pass(l->crew, gate);
        return 0;
    }
    for (unsigned op = OP_CENSUS; op <= OP_AUDIT; ++op) {
        if ((r = load_verified_call(l, ch, op, client, 0)) < 0) return (int)r;
        l->results[client].right &= (int)r;
    }
    if (stile_crew_pass(l->crew, gate) != 0 || !(l->pool.mechanism->flags & STILE_POOL_TOLD_TO_STOP))
        return 0;
    r = stile_channel_call(ch, CODE(OP_STOP, 0, 0), 0, &in);
    return r < 0 ? (int)r : 0;
}

/* Not by libc: musl's wrappers refuse. */
int load_set_urgency(long priority) {
    const int parameter = (int)priority;
    return (int)stile_syscall3(SYS_sched_setscheduler, 0, priority ? SCHED_FIFO : SCHED_OTHER,
                               (long)&parameter);
}

static int run_client(struct load* l, unsigned number, load_body body) {
    struct load_client* own = &l->results[number];
    struct stile_channel ch;
    int error = load_place(l, 0, number);
    if (!error) error = l->pool.mechanism->attach(&l->pool, number, &ch);
    own->refused = error != 0;
    if (!error) error = body(l, number, &ch);
    if (!error) return 0;
    own->error = error;
    if (l->pool.why) snprintf(own->why, sizeof own->why, "%s", l->pool.why);
    stile_crew_break(l->crew);
    return error;
}

void load_be_client(struct load* l, load_body body) {
    if (l->client < 0) return;
    l->crew = stile_crew_join((int)l->crew_fd);
    if (!l->crew) exit(wrong(l, "the crew's memory cannot be had"));
    l->results = (struct load_client*)l->crew->rest;
    l->rest = l->results + l->clients;
    exit(run_client(l, (unsigned)l->client, body) != 0);
}

static int refuse(struct load* l, int error, const char* why) {
    printf("%s mechanism=%s size=%ld clients=%ld servers=%ld refused=%s%s%s\n", program_invocation_short_name,
           l->mechanism, l->size, l->clients, l->servers, strerror(-error), why ? ": " : "", why ? why : "");
    fflush(stdout);
    STILE_MARK(STILE_MARK_REFUSED, -error, why, 0);
    return 0;
}

static void kill_all(struct load* l) {
    for (int i = 0; i < l->busy_count; ++i)
        if (l->busy[i] > 0) kill(l->busy[i], SIGKILL);
    for (int i = 0; i < l->child_count; ++i)
        if (l->children[i] > 0) kill(l->children[i], SIGKILL);
}

/* Why clients are not before the next gate. */
static int tell_failure(struct load* l) {
    for (long i = 0; i < l->clients; ++i) {
        const struct load_client* c = &l->results[i];
        if (!c->error) continue;
        if (c->refused) return refuse(l, (int)c->error, *c->why ? c->why : NULL);
        fprintf(stderr, "%s: %s: call of client %ld: %s\n", l->argv[0], l->mechanism, i,
                strerror((int)-c->error));
        return 1;
    }
    fprintf(stderr, "%s: %s: a client or the server ended before its time\n", l->argv[0], l->mechanism);
    return 1;
}

static void child_ended(int signal) { (void)signal; }

static int somebody_ended(void* context) {
    struct load* l = context;
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int expected = 0;
        for (int i = 0; i < l->busy_count; ++i) {
            if (l->busy[i] != pid) continue;
            l->busy[i] = 0;
            expected = status == 0;
        }
        for (int i = 0; i < l->child_count; ++i)
            if (l->children[i] == pid) l->children[i] = 0;
        if (!expected) return -1;
    }
    return 0;
}

/* argv with `more` behind it, in a child; the server's program lies beside ours. */
static int start(struct load* l, int client, int crew_fd) {
    const pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid > 0) {
        l->children[l->child_count++] = pid;
        if (client < 0) l->server = pid;
        return 0;
    }
    char path[256], number[32], crew[32], handover[sizeof l->pool.handover + 16];
    if (l->pool.mechanism->hand_over) l->pool.mechanism->hand_over(&l->pool, client);
    snprintf(path, sizeof path, "%s", l->argv[0]);
    if (client < 0) {
        /* .../x_client or .../x_client_pie */
        char* word = strstr(path, "_client");
        while (word && strstr(word + 1, "_client")) word = strstr(word + 1, "_client");
        if (word) memcpy(word, "_server", 7);
    }
    snprintf(number, sizeof number, "client=%d", client);
    snprintf(crew, sizeof crew, "crew=%d", crew_fd);
    snprintf(handover, sizeof handover, "handover=%s", l->pool.handover);
    char* argv[64];
    int n = 0;
    for (; n < l->argc && n < 60; ++n) argv[n] = l->argv[n];
    argv[0] = path;
    argv[n++] = handover;
    if (client >= 0) {
        argv[n++] = number;
        argv[n++] = crew;
    }
    argv[n] = NULL;
    execv(path, argv);
    fprintf(stderr, "%s: %s: %s\n", l->argv[0], path, strerror(errno));
    _exit(127);
}

int load_background(struct load* l, void (*body)(struct load*, int number), int number) {
    const pid_t pid = fork();
    if (pid < 0) return -errno;
    if (pid == 0) {
        body(l, number);
        _exit(0);
    }
    l->busy[l->busy_count++] = pid;
    return 0;
}

/* What no mechanism could do. */
static int refused_at_once(struct load* l) {
    const unsigned flags = l->pool.mechanism->flags;
    if ((flags & STILE_SAME_PROCESS) && !l->pool.threads) {
        refuse(l, -EINVAL, "client and server are one process; clients must be its threads");
        return 1;
    }
    if (l->where != OTHER_CORE) return 0;
    if (flags & STILE_CALLER_CROSSES) {
        refuse(l, -EINVAL, "the caller's own thread runs the callee, so it does so on the caller's core");
        return 1;
    }
    if (l->core_count < 2) {
        refuse(l, -EINVAL, "this machine has no other core (machine.cores)");
        return 1;
    }
    return 0;
}

struct thread {
    struct load* l;
    unsigned number;
    load_body body;
};

static void* client_thread(void* argument) {
    const struct thread* t = argument;
    run_client(t->l, t->number, t->body);
    return NULL;
}

static int failed(struct load* l, const char* what, int error) {
    fprintf(stderr, "%s: %s: %s: %s\n", l->argv[0], l->mechanism, what, strerror(-error));
    return 1;
}

int load_start(struct load* l, size_t rest_bytes, load_body body, int* status) {
    static struct thread threads[STILE_POOL_MOST_CLIENTS];
    const struct stile_pool_mechanism* m = l->pool.mechanism;
    struct sigaction child = {.sa_handler = child_ended}; /* without SA_RESTART: it ends a wait */
    int fd, error;
    *status = 0;
    if (refused_at_once(l)) return -1;
    sigaction(SIGCHLD, &child, NULL);
    l->crew =
        stile_crew_make(l->pool.clients, (size_t)l->clients * sizeof(struct load_client) + rest_bytes, &fd);
    if (!l->crew) {
        *status = failed(l, "memory", -errno);
        return -1;
    }
    l->results = (struct load_client*)l->crew->rest;
    l->rest = l->results + l->clients;
    if ((error = m->prepare(&l->pool)) != 0) {
        *status = refuse(l, error, l->pool.why);
        return -1;
    }
    if ((m->flags & STILE_FORKED) && (error = start(l, -1, fd)) != 0) {
        *status = failed(l, "fork", error);
        return -1;
    }
    if ((error = m->connect(&l->pool)) != 0) {
        kill_all(l);
        *status = refuse(l, error, l->pool.why);
        return -1;
    }
    for (unsigned i = 0; i < l->pool.clients && !error; ++i) {
        threads[i] = (struct thread){l, i, body};
        error = l->pool.threads ? stile_pool_thread(client_thread, &threads[i]) : start(l, (int)i, fd);
    }
    if (error) {
        kill_all(l);
        *status = failed(l, "start of a client", error);
        return -1;
    }
    if (m->all_started) m->all_started(&l->pool);
    return 0;
}

int load_gather(struct load* l, uint32_t gate, int* status) {
    *status = 0;
    if (stile_crew_gather(l->crew, gate, somebody_ended, l) == 0) return 0;
    *status = tell_failure(l);
    kill_all(l);
    return -1;
}

static int ended_badly(struct load* l, pid_t pid, const char* who) {
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (status == 0) return 0;
    fprintf(stderr, "%s: %s: %s ended with status %#x\n", l->argv[0], l->mechanism, who, (unsigned)status);
    return 1;
}

int load_end(struct load* l) {
    int result = 0;
    if (l->pool.threads && l->pool.mechanism->threads_done) l->pool.mechanism->threads_done(&l->pool);
    for (int i = 0; i < l->busy_count; ++i)
        if (l->busy[i] > 0) result |= ended_badly(l, l->busy[i], "a process in the background");
    for (int i = 0; i < l->child_count; ++i)
        result |= ended_badly(l, l->children[i], l->children[i] == l->server ? "the server" : "a client");
    return result;
}
