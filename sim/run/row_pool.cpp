// SPDX-License-Identifier: Apache-2.0
#include "sim/run/row_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "sim/boot/boot.h"
#include "sim/checkpoint/file.h"
#include "sim/process/child.h"

namespace stile::sim {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

volatile sig_atomic_t stop_requested = 0;
// A terminal that goes may say so twice, and nobody is impatient there.
void request_stop(int signal) {
    if (signal != SIGHUP || stop_requested == 0) stop_requested = stop_requested + 1;
}

// How long a row may take to break off and send what it has.
constexpr std::chrono::seconds row_grace{10};

// A message is its length and a CBOR value: unlike JSON text, that holds what a guest prints.
void send(int fd, const json& message) {
    std::vector<uint8_t> bytes = json::to_cbor(message);
    const uint32_t length = static_cast<uint32_t>(bytes.size());
    bytes.insert(bytes.begin(), reinterpret_cast<const uint8_t*>(&length),
                 reinterpret_cast<const uint8_t*>(&length + 1));
    for (size_t sent = 0; sent < bytes.size();) {
        const ssize_t n = write(fd, bytes.data() + sent, bytes.size() - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) _exit(125);  // the parent is gone
        sent += static_cast<size_t>(n);
    }
}

struct Child {
    pid_t pid = -1;
    int fd = -1;
    size_t row = 0;
    std::vector<uint8_t> received;
    uint64_t instructions = 0;
    bool has_result = false;
};

// SIGINT, SIGTERM and SIGHUP are blocked except while ppoll() waits, so that none is missed between a look at
// the flag and the wait.
class SignalScope {
  public:
    SignalScope() {
        stop_requested = 0;
        struct sigaction action = {};
        action.sa_handler = request_stop;
        sigemptyset(&action.sa_mask);
        sigset_t blocked;
        sigemptyset(&blocked);
        for (size_t i = 0; i < std::size(signals); ++i) {
            sigaddset(&blocked, signals[i]);
            sigaction(signals[i], &action, &old_[i]);
            // nohup says that the terminal may go.
            if (signals[i] == SIGHUP && old_[i].sa_handler == SIG_IGN) sigaction(SIGHUP, &old_[i], nullptr);
        }
        sigprocmask(SIG_BLOCK, &blocked, &old_mask_);
    }
    // After an interrupt the handler stays: a second one (timeout(1) sends two, people press twice) must not
    // end the process while it writes what is done.
    ~SignalScope() {
        for (size_t i = 0; i < std::size(signals) && !stop_requested; ++i)
            sigaction(signals[i], &old_[i], nullptr);
        sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
    }
    SignalScope(const SignalScope&) = delete;
    SignalScope& operator=(const SignalScope&) = delete;
    const sigset_t& waiting_mask() const { return old_mask_; }

  private:
    static constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction old_[std::size(signals)];
    sigset_t old_mask_;
};

[[noreturn]] void child_main(int fd, size_t row, const RowKey& key, const RowFunction& run, pid_t parent) {
    // Control-C and a terminal that goes reach the whole group; the parent decides. If the parent dies,
    // nobody wants the result.
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    stop_requested = 0;
    signal(SIGTERM, request_stop);
    follow_parent(parent);
    try {
        const RowResult result = run(row, [fd](const Progress& p) {
            send(fd, {{"instructions", p.instructions}});
            return stop_requested == 0;
        });
        send(fd, {{"row", to_json(result)}});
    } catch (const CheckpointError& error) {
        RowResult failed;
        failed.key = key;
        failed.status = RowResult::Status::failed;
        failed.failures.push_back(error.what());
        send(fd, {{"row", to_json(failed)}});
    } catch (const BootError& error) {
        RowResult failed;
        failed.key = key;
        failed.status = RowResult::Status::failed;
        failed.failures.push_back(error.what());
        send(fd, {{"row", to_json(failed)}});
    } catch (const std::bad_alloc&) {
        RowResult failed;
        failed.key = key;
        failed.status = RowResult::Status::failed;
        failed.trouble = RowResult::Trouble::memory;
        failed.failures.push_back(
            "this computer has not enough memory for the machine; lower machine.memory.size or use fewer "
            "--jobs");
        send(fd, {{"row", to_json(failed)}});
    } catch (const std::exception& error) {
        send(fd, {{"crash", error.what()}});
    }
    _exit(0);
}

class Pool {
  public:
    Pool(const std::vector<RowKey>& keys, const RowFunction& run, const PoolOptions& options)
        : keys_(keys), run_(run), options_(options), started_(Clock::now()), last_status_(started_) {
        result_.rows.resize(keys.size());
        for (size_t i = 0; i < keys.size(); ++i) result_.rows[i].key = keys[i];
    }

    PoolResult run() {
        SignalScope signals;
        size_t next = 0;
        while (next < keys_.size() || !children_.empty()) {
            while (!stop_requested && next < keys_.size() && children_.size() < std::max(1u, options_.jobs))
                start(next++);
            wait(signals.waiting_mask());
            if (stop_requested) {
                result_.interrupted = true;
                break_off(signals.waiting_mask());
                break;
            }
            if (timed_out()) {
                break_off(signals.waiting_mask());
                result_.interrupted = stop_requested != 0;
                give_up();
                break;
            }
            report();
        }
        return std::move(result_);
    }

  private:
    void break_off(const sigset_t& mask) {
        for (const Child& child : children_) kill(child.pid, SIGTERM);
        const auto until = Clock::now() + row_grace;
        while (!children_.empty() && stop_requested <= 1 && Clock::now() < until) wait(mask);
        for (const Child& child : children_) kill(child.pid, SIGKILL);
        for (const Child& child : children_) end(child);
    }

    bool timed_out() const {
        return options_.timeout_seconds > 0 &&
               std::chrono::duration<double>(Clock::now() - started_).count() > options_.timeout_seconds;
    }

    // What the rows have come to is kept; that they had not ended is said.
    void give_up() {
        for (RowResult& row : result_.rows) {
            if (row.status != RowResult::Status::interrupted) continue;
            row.status = RowResult::Status::failed;
            row.trouble = RowResult::Trouble::timeout;
            row.failures.push_back(
                fmt::format("it had not ended after {} s of this computer's time", options_.timeout_seconds));
        }
    }

    void start(size_t row) {
        const pid_t self = getpid();
        const auto [pid, fd] = start_child(Flow::to_us, [&](int to_us) {
            for (const Child& other : children_) close(other.fd);
            child_main(to_us, row, keys_[row], run_, self);
        });
        children_.push_back({pid, fd, row, {}, 0, false});
    }

    void wait(const sigset_t& mask) {
        std::vector<pollfd> polls;
        for (const Child& child : children_) polls.push_back({child.fd, POLLIN, 0});
        const timespec quarter{0, 250'000'000};
        if (ppoll(polls.data(), polls.size(), &quarter, &mask) <= 0) return;
        for (size_t i = polls.size(); i-- > 0;) {
            if (polls[i].revents != 0 && !receive(children_[i])) {
                finish(children_[i]);
                children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
            }
        }
    }

    // False when the child has closed its end.
    bool receive(Child& child) {
        uint8_t buffer[65536];
        const ssize_t n = read(child.fd, buffer, sizeof buffer);
        if (n < 0) return errno == EINTR || errno == EAGAIN;
        if (n == 0) return false;
        child.received.insert(child.received.end(), buffer, buffer + n);
        while (child.received.size() >= 4) {
            uint32_t length;
            std::memcpy(&length, child.received.data(), 4);
            if (child.received.size() < 4 + static_cast<size_t>(length)) break;
            const auto begin = child.received.begin() + 4;
            handle(child, json::from_cbor(begin, begin + length));
            child.received.erase(child.received.begin(), begin + length);
        }
        return true;
    }

    void handle(Child& child, const json& message) {
        RowResult& row = result_.rows[child.row];
        if (message.contains("row")) {
            row = row_from_json(message["row"]);
            child.has_result = true;
            done_instructions_ += row.instructions;
            child.instructions = 0;
        } else if (message.contains("crash")) {
            row.status = RowResult::Status::crashed;
            row.failures.push_back(message["crash"].get<std::string>());
            child.has_result = true;
        } else {
            child.instructions = message["instructions"].get<uint64_t>();
        }
    }

    int end(const Child& child) {
        close(child.fd);
        return reap(child.pid);
    }

    void finish(const Child& child) {
        const int status = end(child);
        ++finished_;
        if (child.has_result) return;
        RowResult& row = result_.rows[child.row];
        row.status = RowResult::Status::crashed;
        if (WIFSIGNALED(status)) row.trouble = RowResult::Trouble::signal;
        row.failures.push_back(
            WIFSIGNALED(status)
                ? fmt::format("its process was killed by signal {} ({})", WTERMSIG(status),
                              strsignal(WTERMSIG(status)))
                : fmt::format("its process ended with status {} and no result", WEXITSTATUS(status)));
    }

    void report() {
        const auto now = Clock::now();
        if (!options_.status || now - last_status_ < std::chrono::milliseconds(200)) return;
        last_status_ = now;
        PoolStatus status{keys_.size(), finished_, done_instructions_,
                          std::chrono::duration<double>(now - started_).count()};
        for (const Child& child : children_) status.instructions += child.instructions;
        options_.status(status);
    }

    const std::vector<RowKey>& keys_;
    const RowFunction& run_;
    const PoolOptions& options_;
    Clock::time_point started_, last_status_;
    std::vector<Child> children_;
    size_t finished_ = 0;
    uint64_t done_instructions_ = 0;
    PoolResult result_;
};

}  // namespace

PoolResult run_rows(const std::vector<RowKey>& keys, const RowFunction& run, const PoolOptions& options) {
    return Pool(keys, run, options).run();
}

}  // namespace stile::sim
