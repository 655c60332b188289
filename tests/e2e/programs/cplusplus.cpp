// SPDX-License-Identifier: Apache-2.0
//
// A C++ program with most of its runtime: exceptions through many frames and threads, streams, containers,
// regular expressions, thread-local storage, condition variables, futures, the file system.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace {

struct Base {
    virtual ~Base() = default;
    virtual int value() const = 0;
};
struct Derived : Base {
    explicit Derived(int v) : x(v) {}
    int value() const override { return x; }
    int x;
};

int unwound = 0;
struct Guard {
    ~Guard() { unwound++; }
};
int deep(int n) {
    const Guard guard;
    if (n == 0) throw std::out_of_range("the deep end");
    return deep(n - 1) + 1;
}

void exceptions() {
    try {
        deep(50);
    } catch (const std::exception& e) {
        std::cout << "caught " << e.what() << " after " << unwound << '\n';
    }
    try {
        try {
            throw 5;
        } catch (int i) {
            throw std::string("again ") + std::to_string(i);
        }
    } catch (const std::string& s) {
        std::cout << s << '\n';
    }
    try {
        std::vector<char> v;
        v.resize(1ull << 60);
    } catch (const std::bad_alloc&) {
        std::cout << "bad_alloc\n";
    }
    const std::unique_ptr<Base> b = std::make_unique<Derived>(4);
    std::cout << b->value() << ' ' << (dynamic_cast<Derived*>(b.get()) != nullptr) << '\n';
}

void library() {
    std::cout << std::fixed << std::setprecision(6) << 3.14159265 << ' ' << std::hex << 255 << std::dec
              << '\n';
    std::map<std::string, int> counts;
    std::istringstream words("the cat the dog the end");
    for (std::string w; words >> w;) counts[w]++;
    for (const auto& [word, n] : counts) std::cout << word << '=' << n << ' ';
    std::mt19937_64 generator(42);
    std::vector<uint64_t> v(20000);
    for (auto& x : v) x = generator();
    std::sort(v.begin(), v.end());
    std::cout << v[0] << ' ' << v[10000] << '\n';
    std::normal_distribution<double> normal;
    std::mt19937 other(1);
    double sum = 0;
    for (int i = 0; i < 1000; i++) sum += normal(other);
    std::cout << sum << '\n';
    const std::regex mail("(\\w+)@(\\w+)\\.com");
    std::smatch parts;
    const std::string text = "me@example.com";
    std::cout << std::regex_match(text, parts, mail) << parts[2] << '\n';
    const std::string path = "/tmp/stile-" + std::to_string(getpid());
    std::ofstream(path) << "line " << 1.5 << '\n';
    std::string line;
    std::ifstream in(path);
    std::getline(in, line);
    std::cout << line << ' ' << std::filesystem::file_size(path) << '\n';
    std::filesystem::remove(path);
}

thread_local int mine = 3;

void threads() {
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<long> rounds = 0;
    int turn = 0, total = 0;
    std::vector<std::thread> all;
    for (int t = 0; t < 6; t++)
        all.emplace_back([&, t] {
            mine += t;
            for (int i = 0; i < 20; i++) {
                std::unique_lock lock(mutex);
                changed.wait(lock, [&] { return turn % 6 == t; });
                turn++;
                total += mine;
                changed.notify_all();
                rounds++;
            }
        });
    for (auto& t : all) t.join();
    std::cout << turn << ' ' << total << ' ' << rounds << ' ' << mine << '\n';
    auto later = std::async(std::launch::async, [] {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        return 77;
    });
    std::cout << later.get() << '\n';
    std::promise<int> promise;
    auto future = promise.get_future();
    std::thread([&] {
        try {
            throw std::runtime_error("thrown in a thread");
        } catch (...) {
            promise.set_exception(std::current_exception());
        }
    }).join();
    try {
        future.get();
    } catch (const std::exception& e) {
        std::cout << e.what() << '\n';
    }
}

}  // namespace

int main() {
    exceptions();
    library();
    threads();
}
