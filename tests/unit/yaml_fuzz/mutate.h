// SPDX-License-Identifier: Apache-2.0
//
// Spoils YAML: byte by byte, line by line, and by what a configuration is made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace stile::test {

// The same numbers on every computer (splitmix64).
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint64_t next();
    size_t below(size_t n) { return n == 0 ? 0 : next() % n; }
    bool one_in(size_t n) { return below(n) == 0; }
    template <class T>
    const T& of(const std::vector<T>& all) {
        return all[below(all.size())];
    }

  private:
    uint64_t state_;
};

struct Material {
    std::vector<std::string> texts;  // whole files
    std::vector<std::string> paths;  // of keys
};

std::string mutate(std::string text, const Material& material, Random& random);

}  // namespace stile::test
