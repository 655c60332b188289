// SPDX-License-Identifier: Apache-2.0
//
// Intrusive doubly linked list: the links live in the element, so linking never allocates or fails.
//   struct Thing { Link run_link; };   List<Thing, &Thing::run_link> queue;
#pragma once

#include "os/kernel/base/types.h"

namespace stile::os {

struct Link {
    Link* next = nullptr;
    Link* prev = nullptr;
    bool linked() const { return next != nullptr; }
    void unlink() {
        next->prev = prev;
        prev->next = next;
        next = prev = nullptr;
    }
    void insert_before(Link* at) {
        next = at;
        prev = at->prev;
        at->prev->next = this;
        at->prev = this;
    }
};

template <class T, Link T::*member>
class List {
  public:
    constexpr List() { head_.next = head_.prev = &head_; }
    List(const List&) = delete;
    List& operator=(const List&) = delete;

    bool empty() const { return head_.next == &head_; }
    T* front() const { return empty() ? nullptr : owner(head_.next); }
    T* back() const { return empty() ? nullptr : owner(head_.prev); }
    void push_back(T* t) { (t->*member).insert_before(&head_); }
    void push_front(T* t) { (t->*member).insert_before(head_.next); }
    static void insert_before(T* at, T* t) { (t->*member).insert_before(&(at->*member)); }
    static void remove(T* t) { (t->*member).unlink(); }
    T* pop_front() {
        T* t = front();
        if (t) remove(t);
        return t;
    }
    T* next(const T* t) const {
        Link* n = (t->*member).next;
        return n == &head_ ? nullptr : owner(n);
    }
    T* prev(const T* t) const {
        Link* p = (t->*member).prev;
        return p == &head_ ? nullptr : owner(p);
    }

    // Not safe against removal of the current element; use next() before removing.
    struct Iterator {
        const Link* at;
        T& operator*() const { return *owner(at); }
        Iterator& operator++() {
            at = at->next;
            return *this;
        }
        bool operator!=(const Iterator& o) const { return at != o.at; }
    };
    Iterator begin() const { return {head_.next}; }
    Iterator end() const { return {&head_}; }

  private:
    static T* owner(const Link* l) {
        const auto offset = reinterpret_cast<uintptr_t>(&(static_cast<T*>(nullptr)->*member));
        return reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(l) - offset);
    }
    Link head_;
};

// Static lists side by side, made at compile time. A bare array of lists would be: g++ 12 constructs that one
// at run time, and nobody runs constructors here.
template <class L, unsigned n>
struct ListArray {
    L lists[n];
    constexpr L& operator[](unsigned i) { return lists[i]; }
};

}  // namespace stile::os
