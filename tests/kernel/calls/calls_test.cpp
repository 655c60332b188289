// SPDX-License-Identifier: Apache-2.0
//
// Does a system call answer as Linux's? Random ones with good and bad arguments, thirty in a row in each of
// 250 processes: results, errors, what was written to memory, what is mapped, signals, names. linux.txt has a
// number for what each row of calls came to on Linux; on_linux says how it was made.
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdio>
#include <map>
#include <sstream>

#include "tests/support/bare_machine.h"

namespace stile::test {
namespace {

struct Logs {
    std::map<int, std::string> text, number;  // by seed
};

Logs parse(const std::string& printed) {
    Logs logs;
    std::istringstream in(printed);
    int seed = 0;
    for (std::string line; std::getline(in, line);) {
        int n;
        char number[17];
        if (std::sscanf(line.c_str(), "seed %d is %16s", &n, number) == 2)
            logs.number[n] = number;
        else if (std::sscanf(line.c_str(), "seed %d", &n) == 1)
            seed = n;
        else
            logs.text[seed] += line + '\n';
    }
    return logs;
}

Logs on_stile(unsigned cores, const std::vector<std::string>& arguments) {
    model::MachineConfig config;
    config.core.model = model::CoreModel::functional;
    config.protection = model::ProtectionKind::paging;
    config.memory.size = 256 << 20;
    config.cores = cores;
    BareMachine machine(config);
    const auto kernel = read_file(KERNEL_IMAGE), program = read_file(PROGRAM);
    const std::string path = "/bin/calls";
    const sim::GuestFile files[] = {{path, program, 0755}};
    std::vector<std::string> argv{path};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const sim::BootProcess processes[] = {{path, argv, {}, ""}};
    sim::BootOptions options;
    options.protection = STILE_PROTECTION_PAGING;
    options.tsc_hz = config.frequency;
    options.cpus = cores;
    sim::boot(machine.memory, machine.core->state(), kernel, files, processes, options);
    EXPECT_EQ(machine.run(100'000'000'000), model::Stop::power_off) << machine.core->dump();
    EXPECT_EQ(machine.power_code, 0u);
    return parse(machine.console);
}

std::string reference_text() {
    const auto bytes = read_file(SOURCES "/linux.txt");
    return {bytes.begin(), bytes.end()};
}

std::string first_words(const std::string& text, const std::string& word) {
    std::string found;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        if (line.find(' ' + word + '(') != std::string::npos) found += line + '\n';
    return found;
}

class Calls : public testing::TestWithParam<unsigned> {};

TEST_P(Calls, AnswerAsOnLinux) {
    const Logs ours = on_stile(GetParam(), {"1", "250", "30"}), wanted = parse(reference_text());
    ASSERT_EQ(wanted.number.size(), 250u);
    for (const auto& [seed, number] : wanted.number)
        EXPECT_EQ(ours.number.at(seed), number) << "seed " << seed << '\n' << ours.text.at(seed);
}
INSTANTIATE_TEST_SUITE_P(Kernel, Calls, testing::Values(1u, 2u));

// Would it be noticed? One call is told wrongly; the rows that make it differ, the others do not.
TEST(CallsAreTold, AWrongAnswerShows) {
    constexpr int dup2 = 33;
    const Logs ours = on_stile(1, {"1", "60", "30", std::to_string(dup2)}), wanted = parse(reference_text());
    unsigned with = 0;
    for (const auto& [seed, number] : ours.number) {
        const bool lied = !first_words(ours.text.at(seed), "dup2").empty();
        EXPECT_EQ(number != wanted.number.at(seed), lied) << "seed " << seed;
        with += lied;
    }
    EXPECT_GT(with, 3u);
    EXPECT_LT(with, 40u);
}

// Who runs the Linux that linux.txt comes from can hold it against the host.
TEST(CallsAreTold, TheReferenceIsWhatTheHostSays) {
    const std::string reference = reference_text();
    utsname host{};
    uname(&host);
    const auto version = [](const std::string& s) { return s.substr(0, s.find('.', s.find('.') + 1)); };
    if (version(host.release) != version(reference.substr(0, reference.find('\n'))))
        GTEST_SKIP() << "another Linux: " << host.release;
    std::FILE* out = popen("timeout 100 " SOURCES "/on_linux " PROGRAM " 1 250 30 2>/dev/null", "r");
    ASSERT_NE(out, nullptr);
    std::string text;
    for (int c; (c = std::fgetc(out)) != EOF;) text += static_cast<char>(c);
    pclose(out);
    const Logs there = parse(text), wanted = parse(reference);
    if (there.number.empty()) GTEST_SKIP() << "no user namespaces here";
    // A process that was ended for being late says so: the host was busy.
    for (const auto& [seed, number] : there.number) {
        const bool late = there.text.at(seed).find("stuck") != std::string::npos;
        EXPECT_TRUE(late || number == wanted.number.at(seed)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace stile::test
