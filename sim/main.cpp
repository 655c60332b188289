// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <cstdio>
#include <exception>
#include <new>

#include "sim/cli/cli.h"
#include "sim/config/fault.h"
#include "sim/process/say.h"
#include "sim/run/run.h"
#include "workloads/plugin_guard.h"

namespace {

int run(int argc, char** argv) {
    using namespace stile::sim;
    try {
        return command_line(argc, argv);
    } catch (const BadInput& bad) {
        for (const Fault& fault : bad.faults()) std::fprintf(stderr, "%s\n", fault.text().c_str());
        return exit_bad_input;
    } catch (const HostTrouble& trouble) {
        say("stile: {}\n", trouble.what());
        return exit_failed;
    } catch (const std::bad_alloc&) {
        say("stile: this computer has not enough memory for that\n");
        return exit_failed;
    } catch (const std::exception& error) {
        std::fprintf(stderr,
                     "stile: %s\nstile: if this is not about a file or folder of yours, it is a bug in "
                     "Stile: please report it "
                     "with the command and the output of 'stile --version'\n",
                     error.what());
        return exit_bug;
    }
}

}  // namespace

int main(int argc, char** argv) {
    stile::sim::open_standard_streams();
    // A file that may not grow is to be an error of write(), not death.
    signal(SIGXFSZ, SIG_IGN);
    const int status = run(argc, argv);
    stile::workload::main_ends_with(status);
    return status;
}
