// SPDX-License-Identifier: Apache-2.0
#include "sim/area/cacti.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/config/fault.h"
#include "sim/process/child.h"

namespace stile::sim {
namespace {

namespace fs = std::filesystem;
using model::area::ArrayFigures;
using model::area::ArrayKind;
using model::area::ArraySpec;

// The keys of CACTI's cache.cfg, with its values, but for the array.
std::string input_of(const ArraySpec& a) {
    const bool ram = a.kind == ArrayKind::ram, cam = a.kind == ArrayKind::associative;
    const unsigned block = (a.block_bits + 7) / 8;
    const uint64_t size = a.bits / a.block_bits * block;
    std::string text = fmt::format(
        "-size (bytes) {}\n-block size (bytes) {}\n-associativity {}\n-read-write port {}\n-exclusive read "
        "port {}\n"
        "-exclusive write port {}\n-single ended read ports 0\n-search port {}\n-UCA bank count "
        "1\n-technology (u) "
        "{}\n-output/input bus width {}\n-cache type \"{}\"\n-tag size (b) {}\n-Add ECC - \"{}\"\n",
        size, block, cam ? 0 : a.ways, a.ports.read_write, a.ports.read, a.ports.write, a.ports.search,
        a.nm / 1000., a.port_bits ? a.port_bits : 8 * block, ram ? "ram" : "cache",
        a.tag_bits ? fmt::format("{}", *a.tag_bits) : "\"default\"", a.ecc ? "true" : "false");
    for (const char* array : {"Data", "Tag"})
        text += fmt::format("-{0} array cell type - \"itrs-hp\"\n-{0} array peripheral type - \"itrs-hp\"\n",
                            array);
    for (const char* gated : {"Array Power Gating", "WL Power Gating", "CL Power Gating", "Bitline floating",
                              "Interconnect Power Gating"})
        text += fmt::format("-{} - \"false\"\n", gated);
    return text +
           "-Power Gating Performance Loss 0.01\n-page size (bits) 8192\n-burst length 8\n-internal prefetch "
           "width 8\n"
           "-operating temperature (K) 360\n-access mode (normal, sequential, fast) - \"normal\"\n"
           "-design objective (weight delay, dynamic power, leakage power, cycle time, area) 0:0:0:100:0\n"
           "-deviate (delay, dynamic power, leakage power, cycle time, area) 20:100000:100000:100000:100000\n"
           "-Optimize ED or ED^2 (ED, ED^2, NONE): \"ED^2\"\n-Cache model (NUCA, UCA)  - \"UCA\"\n-NUCA bank "
           "count 0\n"
           "-Wire signaling (fullswing, lowswing, default) - \"Global_30\"\n-Wire inside mat - "
           "\"semi-global\"\n"
           "-Wire outside mat - \"semi-global\"\n-Interconnect projection - \"conservative\"\n-Core count 8\n"
           "-Cache level (L2/L3) - \"L3\"\n-Print level (DETAILED, CONCISE) - \"CONCISE\"\n"
           "-Print input parameters - \"false\"\n-Force cache config - \"false\"\n"
           // Of the memory bus, which nothing here has, but without which it divides by zero.
           "-dram_type \"DDR3\"\n-io state \"WRITE\"\n-addr_timing 1.0\n-mem_density 4 Gb\n-bus_freq 800 "
           "MHz\n"
           "-duty_cycle 1.0\n-activity_dq 1.0\n-activity_ca 0.5\n-num_dq 72\n-num_dqs 18\n-num_ca "
           "25\n-num_clk 2\n"
           "-num_mem_dq 2\n-mem_data_width 8\n-rtt_value 10000\n-ron_value 34\n-num_bobs 1\n-capacity 80\n"
           "-num_channels_per_bob 1\n";
}

// Its standard output; `status` as waitpid() gives it.
std::string run(const fs::path& program, const fs::path& input, int& status) {
    const pid_t self = getpid();
    const auto [child, fd] = start_child(Flow::to_us, [&](int to_us) {
        follow_parent(self);
        dup2(to_us, STDOUT_FILENO);
        if (chdir(program.parent_path().c_str()) == 0)
            execl(program.c_str(), program.c_str(), "-infile", input.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    });
    const std::string out = read_all(fd);
    close(fd);
    status = reap(child);
    return out;
}

// The number behind `label`, or NaN.
double after(const std::string& text, const std::string& label) {
    const size_t at = text.find(label);
    return at == std::string::npos ? NAN : std::strtod(text.c_str() + at + label.size(), nullptr);
}

}  // namespace

ArrayFigures cacti_figures(const std::string& program, const ArraySpec& spec) {
    const fs::path path = fs::absolute(program).lexically_normal();
    const auto bad = [&path](const std::string& wrong) {
        return BadInput({path.string(), 0, 0}, wrong,
                        "machine.area.cacti must name the program of CACTI 7, with tech_params/ beside it");
    };
    if (access(path.c_str(), X_OK) != 0) throw bad("there is no such program");
    std::string name = (fs::temp_directory_path() / "stile-cacti-XXXXXX").string();
    const int file = mkstemp(name.data());
    if (file < 0) throw std::runtime_error("no temporary file can be made");
    close(file);
    std::ofstream(name) << input_of(spec);
    int status = 0;
    const std::string out = run(path, name, status);
    fs::remove(name);
    ArrayFigures f;
    f.access_ns = after(out, "Access time (ns): ");
    f.cycle_ns = after(out, "Cycle time (ns): ");
    f.read_nj = after(out, "Total dynamic read energy per access (nJ): ");
    f.search_nj = spec.kind == ArrayKind::associative
                      ? after(out, "Total dynamic associative search energy per access (nJ): ")
                      : 0;
    f.leakage_mw = after(out, "Total leakage power of a bank (mW): ");
    const std::string size = "Cache height x width (mm): ";
    f.area_mm2 = after(out, size);
    const size_t at = out.find(size);
    if (at != std::string::npos) f.area_mm2 *= after(out.substr(at + size.size(), 80), " x ");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
        !std::isfinite(f.access_ns + f.read_nj + f.search_nj + f.leakage_mw + f.area_mm2))
        throw bad(fmt::format(
            "it ended with status {} and gave no figures for an array of {} entries of {} bits; it said: {}",
            status, spec.bits / spec.block_bits, spec.block_bits,
            out.substr(out.size() > 200 ? out.size() - 200 : 0)));
    return f;
}

}  // namespace stile::sim
