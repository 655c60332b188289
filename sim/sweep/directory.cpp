// SPDX-License-Identifier: Apache-2.0
#include "sim/sweep/directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "sim/config/fault.h"

namespace stile::sim {

namespace fs = std::filesystem;

namespace {

std::string number(size_t point) { return fmt::format("{:06}", point); }

// ".NAME.PID": how half-written files are called here.
bool is_leftover(const std::string& name) {
    const size_t dot = name.rfind('.');
    return name.size() > 2 && name[0] == '.' && dot > 0 && dot + 1 < name.size() &&
           name.find_first_not_of("0123456789", dot + 1) == std::string::npos;
}

void remove_leftovers_in(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        std::error_code ignored;
        if (is_leftover(entry.path().filename().string())) fs::remove_all(entry.path(), ignored);
    }
}

}  // namespace

fs::path SweepDirectory::result(size_t point) const { return work() / (number(point) + ".json"); }

fs::path SweepDirectory::failed(size_t point) const { return path_ / "failed" / number(point); }

bool SweepDirectory::has_sweep() const {
    std::error_code error;
    return fs::exists(database(), error);
}

bool SweepDirectory::may_begin() const {
    std::error_code error;
    if (!fs::exists(path_, error)) return true;
    if (!fs::is_directory(path_, error) || has_sweep()) return false;
    const std::vector<std::string> ours{
        ".lock", "config.yaml", "work", "boot", "failed", "results.sqlite.new", "results.sqlite.new-journal"};
    for (const fs::directory_entry& entry : fs::directory_iterator(path_, error)) {
        const std::string name = entry.path().filename().string();
        if (std::find(ours.begin(), ours.end(), name) == ours.end() && !is_leftover(name)) return false;
    }
    // A folder with a configuration and no lock is somebody else's.
    return fs::is_empty(path_, error) || fs::exists(path_ / ".lock", error);
}

std::vector<size_t> SweepDirectory::results() const {
    std::vector<size_t> all;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(work(), error)) {
        const std::string name = entry.path().filename().string();
        size_t point = 0;
        const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), point);
        if (code == std::errc() && std::string(end, name.data() + name.size()) == ".json")
            all.push_back(point);
    }
    std::sort(all.begin(), all.end());
    return all;
}

void SweepDirectory::remove_leftovers() const {
    remove_leftovers_in(path_);
    remove_leftovers_in(work());
    remove_leftovers_in(path_ / "failed");
}

SweepLock::SweepLock(const SweepDirectory& directory) {
    const fs::path path = directory.path() / ".lock";
    fd_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd_ < 0) {
        throw BadInput({directory.path().string(), 0, 0},
                       fmt::format("nothing can be written there: {}", std::strerror(errno)),
                       "name another folder with --out");
    }
    if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
        char text[64] = {};
        const ssize_t n = pread(fd_, text, sizeof text - 1, 0);
        const int why = errno;
        close(fd_);
        std::string who(text, n > 0 ? static_cast<size_t>(n) : 0);
        who.erase(std::min(who.find('\n'), who.size()));
        throw BadInput({directory.path().string(), 0, 0},
                       n >= 0
                           ? "another 'stile sweep' is at work there" + (who.empty() ? "" : " (" + who + ")")
                           : fmt::format("it cannot be locked: {}", std::strerror(why)),
                       "wait for its end, or name another folder with --out");
    }
    char host[256] = {};
    gethostname(host, sizeof host - 1);
    const std::string who = fmt::format("process {} on {}\n", getpid(), host);
    // Only for the message above.
    [[maybe_unused]] const int cut = ftruncate(fd_, 0);
    [[maybe_unused]] const ssize_t written = pwrite(fd_, who.data(), who.size(), 0);
}

SweepLock::~SweepLock() { close(fd_); }

void write_whole(const fs::path& path, const std::string& contents) {
    const fs::path temporary = path.parent_path() / fmt::format(".{}.{}", path.filename().string(), getpid());
    const auto fail = [&] {
        const int why = errno;
        unlink(temporary.c_str());
        throw std::runtime_error(fmt::format("{} cannot be written: {}", path.string(), std::strerror(why)));
    };
    const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) fail();
    size_t written = 0;
    while (written < contents.size()) {
        const ssize_t n = ::write(fd, contents.data() + written, contents.size() - written);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const int why = errno;
            close(fd);
            errno = why;
            fail();
        }
        written += static_cast<size_t>(n);
    }
    const bool on_disk = fsync(fd) == 0;
    if (close(fd) != 0 || !on_disk || rename(temporary.c_str(), path.c_str()) != 0) fail();
}

}  // namespace stile::sim
