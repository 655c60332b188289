// SPDX-License-Identifier: Apache-2.0
#include "sim/config/units.h"

#include <array>
#include <charconv>
#include <span>

namespace stile::sim {
namespace {

struct Unit {
    const char* name;
    int64_t factor;
};
constexpr std::array<Unit, 4> byte_units{
    {{"GiB", 1ll << 30}, {"MiB", 1ll << 20}, {"KiB", 1ll << 10}, {"B", 1}}};
constexpr std::array<Unit, 4> hertz_units{
    {{"GHz", 1'000'000'000}, {"MHz", 1'000'000}, {"kHz", 1'000}, {"Hz", 1}}};
constexpr std::array<Unit, 4> time_units{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// A decimal fraction times `factor`, exactly; digits that fall below one are dropped only if they are zero,
// unless `round` allows to round to the nearest.
std::optional<int64_t> scaled(std::string_view digits, int64_t factor, bool round) {
    __int128 value = 0, scale = 1;
    bool point = false, any = false;
    for (char c : digits) {
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        any = true;
        value = value * 10 + (c - '0');
        if (point) scale *= 10;
        if (value > (static_cast<__int128>(1) << 62) ||
            scale > static_cast<__int128>(1'000'000'000'000'000)) {
            return std::nullopt;
        }
    }
    if (!any) return std::nullopt;
    value *= factor;
    if (value % scale != 0 && !round) return std::nullopt;
    value = (value + scale / 2) / scale;
    if (value > INT64_MAX) return std::nullopt;
    return static_cast<int64_t>(value);
}

// NUMBER UNIT; `bare` is the factor of a number without unit, 0 if it must have one.
std::optional<int64_t> parse(std::string_view text, std::span<const Unit> units, int64_t bare, bool round) {
    text = trim(text);
    // A bare number may be written as those of other keys may.
    if (bare != 0 && (text.starts_with("0x") || text.starts_with("0X"))) return parse_integer(text);
    const size_t digits = text.find_first_not_of("0123456789.");
    const std::string_view number = text.substr(0, digits);
    const std::string_view name = digits == std::string_view::npos ? "" : trim(text.substr(digits));
    if (name.empty()) {
        if (bare == 0 || number.find('.') != std::string_view::npos) return std::nullopt;
        if (number.size() > 1 && number[0] == '0') return std::nullopt;
        return scaled(number, bare, false);
    }
    for (const Unit& unit : units) {
        if (name == unit.name) return scaled(number, unit.factor, round);
    }
    return std::nullopt;
}

std::string format(int64_t value, std::span<const Unit> units) {
    for (const Unit& unit : units) {
        if (value != 0 && value % unit.factor == 0)
            return std::to_string(value / unit.factor) + " " + unit.name;
    }
    return "0 " + std::string(units.back().name);
}

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text) {
    text = trim(text);
    bool negative = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        return std::nullopt;
    }
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size() || value > INT64_MAX) return std::nullopt;
    return negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
}

std::optional<int64_t> parse_bytes(std::string_view text) { return parse(text, byte_units, 1, false); }

std::optional<int64_t> parse_frequency(std::string_view text) { return parse(text, hertz_units, 0, false); }

std::optional<int64_t> parse_time(std::string_view text) { return parse(text, time_units, 0, true); }

std::optional<int64_t> parse_cycles(std::string_view text, int64_t frequency) {
    constexpr std::array<Unit, 2> cycle_units{{{"cycles", 1}, {"cycle", 1}}};
    if (auto cycles = parse(text, cycle_units, 1, false)) return cycles;
    // In picoseconds, so that 0.3 ns is not rounded to nothing.
    constexpr std::array<Unit, 4> picoseconds{
        {{"s", 1'000'000'000'000}, {"ms", 1'000'000'000}, {"us", 1'000'000}, {"ns", 1'000}}};
    const auto time = parse(text, picoseconds, 0, true);
    if (!time) return std::nullopt;
    constexpr __int128 second = 1'000'000'000'000;
    const __int128 cycles = (static_cast<__int128>(*time) * frequency + second - 1) / second;
    if (cycles > INT64_MAX) return std::nullopt;
    return static_cast<int64_t>(cycles);
}

std::string format_bytes(int64_t bytes) { return format(bytes, byte_units); }

std::string format_frequency(int64_t hertz) {
    // 3.1 GHz reads better than 3100 MHz.
    if (hertz >= 1'000'000'000 && hertz % 100'000'000 == 0 && hertz % 1'000'000'000 != 0) {
        return std::to_string(hertz / 1'000'000'000) + "." + std::to_string(hertz / 100'000'000 % 10) +
               " GHz";
    }
    return format(hertz, hertz_units);
}

std::string format_time(int64_t nanoseconds) { return format(nanoseconds, time_units); }

}  // namespace stile::sim
