// SPDX-License-Identifier: Apache-2.0
//
// How what a measurement has found is archived. A struct that gets a member more no longer compiles here.
#pragma once

#include "model/checkpoint/state.h"
#include "sim/measure/result.h"

namespace stile::sim {

inline void archive(model::StateArchive& a, CallSample& s) {
    auto& [delta, ticked, clock] = s;
    a(delta, ticked, clock);
}

inline void archive(model::StateArchive& a, Census& c) {
    auto& [payload_bytes, copied_bytes, by_kernel, by_proxy, by_user] = c;
    a(payload_bytes, copied_bytes, by_kernel, by_proxy, by_user);
}

inline void archive(model::StateArchive& a, UnsupportedInstruction& u) {
    auto& [bytes, text, rip, symbol, count, in_kernel, fatal] = u;
    a(bytes, text, rip, symbol, count, in_kernel, fatal);
}

inline void archive(model::StateArchive& a, KilledProcess& k) {
    auto& [pid, image, signal, signal_name, vector, error, rip, address, symbol, lacking, message] = k;
    a(pid, image, signal, signal_name, vector, error, rip, address, symbol, lacking, message);
}

inline void archive(model::StateArchive& a, ExitedProcess& e) {
    auto& [pid, image, status] = e;
    a(pid, image, status);
}

inline void archive(model::StateArchive& a, SelfTest& t) {
    auto& [name, passed] = t;
    a(name, passed);
}

inline void archive(model::StateArchive& a, ProxyCode& p) {
    auto& [address, policy, code] = p;
    a(address, policy, code);
}

// What others count is made a part of it only when it is asked for: not here.
inline void archive(model::StateArchive& a, MeasurementResult& r) {
    auto& [booted, timed, caller_frequency, roi, roi_begun, census, checked, checked_calls, refused_errno,
           refused_because, reports, unsupported, unknown_syscalls, killed, exited, self_tests, proxies,
           panic, deadlock, refused_accesses, warnings] = r;
    a(booted, caller_frequency, roi_begun, checked, checked_calls, refused_errno, refused_because, reports,
      killed, exited, self_tests, proxies, panic, deadlock, refused_accesses, warnings);
}

}  // namespace stile::sim
