// SPDX-License-Identifier: Apache-2.0
//
// Where things are in a test case, natively and in the guest alike: registers hold addresses, so both sides
// must use the same ones. All of it lies below 2 GiB, within reach of 32-bit displacements and 67.
#pragma once

#include <array>
#include <cstdint>

namespace stile::fuzz {

inline constexpr uint64_t page_bytes = 4096;

// Code: one slot for each case of a batch, two executable pages and a hole. Those from first_writable_slot on
// may be stored to as well.
inline constexpr unsigned slots = 64, first_writable_slot = 56;
inline constexpr uint64_t code_at = 0x20000000, slot_bytes = 2 * page_bytes, slot_stride = 4 * page_bytes;
constexpr uint64_t slot_at(unsigned slot) { return code_at + slot * slot_stride; }
// Data accesses that are meant for code go to these: one case must not change the code of another.
inline constexpr unsigned readable_slots = 48;
inline constexpr uint64_t code_end = code_at + slots * slot_stride;

// Data: a hole, two pages to read and write, one read-only, a hole.
inline constexpr uint64_t data_at = 0x21000000, data_bytes = 2 * page_bytes;
inline constexpr uint64_t read_only_at = data_at + data_bytes, window_bytes = 3 * page_bytes;
// What a case may do with the second of them.
enum class SecondPage : uint8_t { writable, read_only, absent };
using Data = std::array<uint8_t, window_bytes>;

// Where a case goes when it is done. Nothing is there in the guest: the fetch faults.
inline constexpr uint64_t exit_at = 0x22000000;

// Selectors of a 64-bit Linux process, which the guest's tables follow.
inline constexpr uint16_t user_code_selector = 0x33, user_data_selector = 0x2b;

}  // namespace stile::fuzz
