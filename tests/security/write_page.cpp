// SPDX-License-Identifier: Apache-2.0
//
// security_page STILE: runs the gallery, each attack twice, and prints docs/security.md. In the working
// folder.
#include <cstdio>

#include "tests/security/gallery.h"

int main(int argc, char** argv) {
    using namespace stile::security;
    if (argc != 2) {
        std::fprintf(stderr, "usage: security_page STILE\n");
        return 2;
    }
    std::vector<Evidence> all;
    for (const Attack& a : gallery()) {
        const Outcome told = run_attack(argv[1], a, true);
        const Outcome got_in = *a.off ? run_attack(argv[1], a, false) : Outcome{1, "", ""};
        if (told.code != 0 || got_in.code != 1)
            std::fprintf(stderr, "security_page: attack %s: exit status %d with the rule, %d without it\n",
                         a.name, told.code, got_in.code);
        all.push_back({said(told, true), said(got_in, false)});
    }
    std::fputs(page(all).c_str(), stdout);
    return 0;
}
