// SPDX-License-Identifier: Apache-2.0
//
// Numbers with units, as people type them in YAML: read once, at load; integers from then on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stile::sim {

// Decimal or 0x-hexadecimal, with an optional sign. A leading zero is refused: YAML 1.1 would read octal.
std::optional<int64_t> parse_integer(std::string_view text);

// "32 KiB", "1 MiB", "64 B", "4096": bytes. Powers of ten (kB, MB) are refused: caches have none.
std::optional<int64_t> parse_bytes(std::string_view text);

// "3.1 GHz", "250 Hz": a frequency needs its unit.
std::optional<int64_t> parse_frequency(std::string_view text);

// "10 s", "1.5 ms", "20 us", "7 ns": nanoseconds. A time needs its unit; it is rounded to the nanosecond.
std::optional<int64_t> parse_time(std::string_view text);

// "4", "4 cycles", or a time, which `frequency` turns into cycles, rounded up.
std::optional<int64_t> parse_cycles(std::string_view text, int64_t frequency);

// The shortest exact form that the functions above read back.
std::string format_bytes(int64_t bytes);
std::string format_frequency(int64_t hertz);
std::string format_time(int64_t nanoseconds);

}  // namespace stile::sim
