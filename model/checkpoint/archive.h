// SPDX-License-Identifier: Apache-2.0
//
// State to bytes and back. One function per class does both, so that they cannot drift apart:
//
//     void Console::archive(StateArchive& a) { a(line_, input_, written_, read_); }
//
// writes these members into an archive that is being written, and reads them from one that is being read.
// Plain structs are taken apart by a structured binding (model/checkpoint/state.h): one that gets a member
// more no longer compiles there.
//
// Numbers are little-endian, of the width of their type; what has a length begins with it. Reading throws
// ArchiveError where the bytes cannot be what was written, and never reads beyond them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace stile::model {

struct ArchiveError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class StateArchive {
  public:
    StateArchive() = default;  // to be written
    explicit StateArchive(std::string_view bytes)
        : loading_(true), left_(bytes) {}  // to be read; must outlive it

    bool loading() const { return loading_; }
    const std::string& bytes() const { return out_; }
    // Of an archive that is being read: nothing may be left.
    void finish() const;
    // A name between parts: what is read must have been written under the same one.
    void section(std::string_view name);
    // What cannot be restored as it stands here.
    [[noreturn]] static void refuse(const std::string& why);

    template <class... T>
    void operator()(T&... values) {
        (item(values), ...);
    }
    void raw(void* data, size_t bytes);

  private:
    // The number of elements: each takes at least a byte.
    size_t length(size_t n);

    template <class T>
    void item(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            auto byte = static_cast<uint8_t>(value);
            raw(&byte, 1);
            if (byte > 1) refuse("a truth value is neither true nor false");
            value = byte != 0;
        } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
            raw(&value, sizeof value);
        } else if constexpr (requires { value.archive(*this); }) {
            value.archive(*this);
        } else {
            archive(*this, value);  // found beside the type
        }
    }
    void item(std::string& text) {
        text.resize(length(text.size()));
        raw(text.data(), text.size());
    }
    template <class T>
    void item(std::vector<T>& list) {
        sequence(list);
    }
    template <class T>
    void item(std::deque<T>& list) {
        sequence(list);
    }
    void item(std::vector<bool>& list) {
        const size_t n = length(list.size());
        list.resize(n);
        for (size_t i = 0; i < n; ++i) {
            bool bit = list[i];
            item(bit);
            list[i] = bit;
        }
    }
    template <class T, size_t n>
    void item(std::array<T, n>& list) {
        for (T& element : list) item(element);
    }
    template <class T, size_t n>
    void item(T (&list)[n]) {
        for (T& element : list) item(element);
    }
    template <class T>
    void item(std::optional<T>& maybe) {
        bool there = maybe.has_value();
        item(there);
        if (!there) return maybe.reset();
        if (!maybe) maybe.emplace();
        item(*maybe);
    }
    template <class A, class B>
    void item(std::pair<A, B>& both) {
        (*this)(both.first, both.second);
    }
    template <class... T>
    void item(std::tuple<T...>& all) {
        std::apply([this](T&... each) { (*this)(each...); }, all);
    }
    template <class K, class V>
    void item(std::map<K, V>& map) {
        const size_t n = length(map.size());
        if (!loading_) {
            for (auto& [key, value] : map) {
                K copy = key;
                (*this)(copy, value);
            }
            return;
        }
        map.clear();
        for (size_t i = 0; i < n; ++i) {
            std::pair<K, V> entry;
            item(entry);
            map.insert(std::move(entry));
        }
    }
    template <class K>
    void item(std::set<K>& set) {
        std::vector<K> list(set.begin(), set.end());
        item(list);
        set = std::set<K>(list.begin(), list.end());
    }
    // Element by element: a length that was made up must not make the host hand out memory.
    template <class List>
    void sequence(List& list) {
        const size_t n = length(list.size());
        if (loading_) list.clear();
        for (size_t i = 0; i < n; ++i) {
            if (loading_) list.emplace_back();
            item(list[i]);
        }
    }

    const bool loading_ = false;
    std::string out_;
    std::string_view left_;
};

}  // namespace stile::model
