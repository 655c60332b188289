// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/yaml_fuzz/mutate.h"

#include <algorithm>

namespace stile::test {
namespace {

// What values should not be.
const std::vector<std::string> hostile = {"",
                                          "~",
                                          "null",
                                          "\"null\"",
                                          "true",
                                          "yes",
                                          "True",
                                          "\"\"",
                                          "0",
                                          "-0",
                                          "-1",
                                          "00",
                                          "010",
                                          "0x",
                                          "0x10",
                                          "0o7",
                                          "1e400",
                                          ".inf",
                                          ".nan",
                                          "1.5",
                                          "1_000",
                                          "+7",
                                          "4 GiB",
                                          "1 B",
                                          "0 B",
                                          "32 KB",
                                          "1.5 MiB",
                                          "0.1 ns",
                                          "9999999 s",
                                          "3 Hz",
                                          "2 ms",
                                          "roi",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "-9223372036854775808",
                                          "18446744073709551616",
                                          "9223372036854775807 GiB",
                                          "4294967296",
                                          "4294967295",
                                          "999999999999999999999999 s",
                                          "[]",
                                          "{}",
                                          "[[]]",
                                          "[1, 1]",
                                          "{a: {b: c}}",
                                          "[~]",
                                          "[a, ",
                                          "{a: ",
                                          "\"",
                                          "'",
                                          "\"\\x00\"",
                                          "\"\\x1b[2J\"",
                                          "\"a\\nb\"",
                                          "\"\\\\\"",
                                          "'it''s'",
                                          "\"\\\"\"",
                                          "\"\\u2028\"",
                                          "\"\\U0001F600\"",
                                          "\"\\ud800\"",
                                          "\"\\q\"",
                                          "|",
                                          ">-",
                                          "*a",
                                          "&a x",
                                          "&a",
                                          "!!binary x",
                                          "!x",
                                          "!",
                                          "<<: *a",
                                          "? a",
                                          "- - -",
                                          "---",
                                          "...",
                                          "%YAML 9.9",
                                          "#",
                                          ": ",
                                          "@",
                                          "`",
                                          "/dev/zero",
                                          "/dev/null",
                                          "..",
                                          ".",
                                          "case.yaml",
                                          "./x.so",
                                          "/",
                                          "../machines/default.yaml",
                                          "domains",
                                          "sync_call",
                                          "program",
                                          "codoms",
                                          "p015",
                                          "pXYZ",
                                          "22 nm",
                                          "\xff",
                                          "\xc0\xaf",
                                          "\xed\xa0\x80",
                                          "\xef\xbb\xbf",
                                          "\xe6\x9c\xba",
                                          "\x7f",
                                          "\x01",
                                          "\t",
                                          "{from: 1, to: 9, step: 2}",
                                          "{from: 8 KiB, to: 64 KiB, times: 2}",
                                          "{from: 1, to: 512, count: 5}",
                                          "{from: 0, to: 9223372036854775807, step: 1}",
                                          "{from: 9, to: 1, count: 99999999}"};

// What is easily written out wrongly.
const std::vector<std::string> quoted = {"\"null\"",  "\"~\"",   "\"a\\\\b\"", "\"\\\"\"",
                                         "'x: y'",    "\" a \"", "\"#\"",      "\"- a\"",
                                         "\"\\x01\"", "\"\\t\"", "\"\\r\"",    "\"*a\""};

std::vector<size_t> line_starts(const std::string& text) {
    std::vector<size_t> starts{0};
    for (size_t at = text.find('\n'); at != text.npos && at + 1 < text.size(); at = text.find('\n', at + 1))
        starts.push_back(at + 1);
    return starts;
}

struct Span {
    size_t begin = 0, size = 0;
};

// A whole line with its end.
Span some_line(const std::string& text, Random& random) {
    const std::vector<size_t> starts = line_starts(text);
    const size_t i = random.below(starts.size());
    const size_t end = i + 1 < starts.size() ? starts[i + 1] : text.size();
    return {starts[i], end - starts[i]};
}

// What stands after a colon, a comma or a bracket.
Span some_value(const std::string& text, Random& random) {
    std::vector<size_t> places;
    for (size_t i = 0; i < text.size(); ++i)
        if (std::string(":,[{-").find(text[i]) != std::string::npos) places.push_back(i + 1);
    if (places.empty()) return {};
    size_t begin = random.of(places);
    while (begin < text.size() && text[begin] == ' ') ++begin;
    return {begin, std::min(text.find_first_of(",]}\n", begin), text.size()) - begin};
}

std::string bomb(Random& random) {
    const std::string name = "a" + std::to_string(random.below(1000));
    std::string text;
    switch (random.below(5)) {
        case 0:  // aliases of aliases
            text = name + "0: &" + name + "0 [x, x, x, x, x, x, x, x, x, x]\n";
            for (int i = 1; i < 9; ++i) {
                const std::string n = std::to_string(i), alias = "*" + name + std::to_string(i - 1);
                text += name + n + ": &" + name + n + " [" + alias;
                for (int k = 1; k < 10; ++k) text += ", " + alias;
                text += "]\n";
            }
            return text;
        case 1:  // a long text, often
            text = name + ": &" + name + " \"" + std::string(1 << 18, 'x') + "\"\n" + name + "_: [";
            for (int i = 0; i < 20'000; ++i) text += "*" + name + ", ";
            return text + "]\n";
        case 2:  // anchors within anchors
            text = name + ": ";
            for (int i = 0; i < 60; ++i) text += "&" + name + std::to_string(i) + " [";
            for (int i = 0; i < 20'000; ++i) text += "x, ";
            return text + std::string(60, ']') + "\n";
        case 3: {
            const size_t depth = random.below(3000);
            return name + ": " + std::string(depth, '[') + std::string(random.one_in(2) ? depth : 0, ']') +
                   "\n";
        }
        default:
            return std::string(random.below(100'000), 'k') + ": 1\n";
    }
}

std::string some_sweep(const Material& material, Random& random) {
    if (random.one_in(4))
        return "sweep:\n  axes:\n    os.seed: {from: 1, to: 9000, step: 1}\n    measure.warmup: {from: 1, "
               "to: 9000, step: 1}\n";
    std::string text = "sweep:\n  axes:\n";
    for (size_t n = 1 + random.below(3); n > 0; --n)
        text += "    " + random.of(material.paths) + ": [" + random.of(hostile) + ", 4, 8]\n";
    if (random.one_in(3))
        text +=
            "    os.seed: {from: 1, to: 9000, step: 1}\n    measure.warmup: {from: 1, to: 9000, step: 1}\n";
    if (random.one_in(2)) text += "  random: {points: " + random.of(hostile) + "}\n";
    if (random.one_in(2)) text += "  invalid: skip\n";
    return text;
}

// machine.l1d.size: 4 becomes "machine: {l1d: {size: 4}}".
std::string nested(const std::string& path, const std::string& value) {
    std::string text = path, end;
    for (size_t dot = text.find('.'); dot != text.npos; dot = text.find('.', dot)) {
        text.replace(dot, 1, ": {");
        end += "}";
    }
    return text + ": " + value + end;
}

void spoil_bytes(std::string& text, Random& random) {
    const size_t at = random.below(text.size() + 1),
                 size = random.below(std::min<size_t>(64, text.size() - at + 1));
    switch (random.below(5)) {
        case 0:
            if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
            return;
        case 1:
            text.insert(at, 1, static_cast<char>(random.below(256)));
            return;
        case 2:
            text.erase(at, size);
            return;
        case 3:
            text.insert(random.below(text.size() + 1), text.substr(at, size));
            return;
        default:
            text.resize(at);
    }
}

void spoil_lines(std::string& text, const Material& material, Random& random) {
    const Span line = some_line(text, random);
    const std::string copy = text.substr(line.begin, line.size);
    switch (random.below(6)) {
        case 0:
            text.erase(line.begin, line.size);
            return;
        case 1:
            text.insert(line.begin, copy);
            return;
        case 2: {
            text.erase(line.begin, line.size);
            const Span other = some_line(text, random);
            text.insert(other.begin, copy);
            return;
        }
        case 3:
            text.insert(line.begin, random.below(4) + 1, random.one_in(6) ? '\t' : ' ');
            return;
        case 4:
            text.erase(line.begin, std::min(copy.find_first_not_of(' '), random.below(4) + 1));
            return;
        default: {
            const std::string& other = random.of(material.texts);
            const Span theirs = some_line(other, random);
            text.insert(line.begin, other.substr(theirs.begin, theirs.size));
        }
    }
}

void spoil_values(std::string& text, const Material& material, Random& random) {
    const Span value = some_value(text, random);
    const std::string old = text.substr(value.begin, value.size);
    switch (random.below(9)) {
        case 0:
        case 1:
        case 2:
            text.replace(value.begin, value.size, random.of(hostile));
            return;
        case 8:
            text.insert(random.of(line_starts(text)), "machine: {name: " + random.of(quoted) + "}\n");
            return;
        case 3: {
            const Span other = some_value(text, random);
            text.replace(value.begin, value.size, text.substr(other.begin, other.size));
            return;
        }
        case 4: {
            const std::vector<std::pair<std::string, std::string>> around = {
                {"[", "]"}, {"{", "}"}, {"\"", "\""}, {"'", "'"}, {"&a ", ""}, {"{x: ", "}"}, {"[*a, ", "]"}};
            const auto& [before, after] = random.of(around);
            text.replace(value.begin, value.size, before + old + after);
            return;
        }
        case 5:
        case 6: {
            const std::string& path = random.of(material.paths);
            const bool dotted = random.one_in(8);
            const std::string line =
                dotted ? path + ": " + random.of(hostile) : nested(path, random.of(hostile));
            text.insert(random.of(line_starts(text)), line + "\n");
            return;
        }
        default:
            text.insert(random.of(line_starts(text)), random.one_in(20) ? bomb(random)
                                                      : random.one_in(3)
                                                          ? "extends: " + random.of(hostile) + "\n"
                                                          : some_sweep(material, random));
    }
}

}  // namespace

uint64_t Random::next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::string mutate(std::string text, const Material& material, Random& random) {
    for (size_t n = random.one_in(3) ? 1 + random.below(5) : 1; n > 0; --n) {
        switch (random.below(4)) {
            case 0:
                spoil_bytes(text, random);
                break;
            case 1:
                spoil_lines(text, material, random);
                break;
            default:
                spoil_values(text, material, random);
        }
    }
    return text;
}

}  // namespace stile::test
