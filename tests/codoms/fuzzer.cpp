// SPDX-License-Identifier: Apache-2.0
#include "tests/codoms/fuzzer.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "tests/codoms/random.h"

namespace stile::codoms_fuzz {

namespace {

// So many plans share a machine: making one takes longer than a plan.
constexpr uint64_t plans_per_machine = 8;

constexpr Shape all_shapes[] = {{32, 32}, {16, 16}, {4, 4},   {64, 4},        {8, 2},
                                {2, 2},   {128, 8}, {13, 13}, {32, 32, true}, {8, 2, true}};

uint64_t mix(uint64_t seed, uint64_t number) { return Random(seed * 0x9e3779b97f4a7c15 + number)(); }

class Fuzzer {
  public:
    explicit Fuzzer(const FuzzOptions& options) : o_(options) {}
    FuzzResult run();

  private:
    Machine& machine(model::CoreModel model, unsigned cores, const Shape& shape);
    void one(uint64_t number);
    void found(const Plan& plan, uint64_t number, Machine& machine, const Mismatch& mismatch);

    const FuzzOptions& o_;
    std::map<model::CoreModel, std::unique_ptr<Machine>> machines_;
    FuzzResult result_;
};

Machine& Fuzzer::machine(model::CoreModel model, unsigned cores, const Shape& shape) {
    std::unique_ptr<Machine>& m = machines_[model];
    if (!m || m->cores() != cores || !(m->shape == shape)) {
        m.reset();
        m = std::make_unique<Machine>(model, cores, shape);
        if (o_.prepare) o_.prepare(*m);
    }
    return *m;
}

void Fuzzer::found(const Plan& plan, uint64_t number, Machine& machine, const Mismatch& mismatch) {
    Finding f{number, name_of(machine.model), machine.shape.text(), machine.cores(), mismatch.what, {}};
    Plan small = plan;
    if (o_.minimise) small = minimise(plan, machine);
    Coverage unused;
    Session session(small, machine, unused);
    std::vector<std::string> log;
    session.log = &log;
    const std::optional<Mismatch> again = session.run();
    const Mismatch& m = again ? *again : mismatch;
    f.what = m.what;
    for (const Insn& i : small.code) f.instructions += i.kind != Kind::nop;
    for (const Action& a : small.actions)
        for (const Event& e : a.events) f.events += e.kind != EventKind::none;
    f.text = fmt::format("mismatch in plan {} of seed {} on {}, {} core{}, APL cache {}{}\n", number, o_.seed,
                         f.model, f.cores, f.cores == 1 ? "" : "s", f.shape,
                         again ? "" : " (not when run by itself)");
    f.text += "  " + m.what + "\nthe last instructions\n" + m.listing + "what the kernel saw and did\n";
    const size_t from = log.size() > 16 ? log.size() - 16 : 0;
    for (size_t i = from; i < log.size(); ++i) f.text += "  " + log[i] + "\n";
    f.text += fmt::format("repeat with: codoms_fuzz --seed {} --plan {} --core {}{}\n", o_.seed, number,
                          f.model, o_.cores ? fmt::format(" --cores {}", o_.cores) : "");
    if (o_.out) std::fputs(f.text.c_str(), o_.out);
    result_.findings.push_back(std::move(f));
}

void Fuzzer::one(uint64_t number) {
    Random choice(mix(o_.seed, number / plans_per_machine) ^ 0x5bd1e995);
    const unsigned random_cores = choice.of({1u, 1u, 2u, 2u, 3u, 4u});
    const Shape random_shape = all_shapes[choice.below(std::size(all_shapes))];
    const unsigned cores = o_.cores ? o_.cores : random_cores;
    const Shape shape =
        o_.shapes.empty() ? random_shape : o_.shapes[number / plans_per_machine % o_.shapes.size()];
    PlanOptions options;
    options.cores = cores;
    const Plan plan = make_plan(mix(o_.seed, number), options);
    for (const model::CoreModel model : o_.models) {
        Machine& m = machine(model, cores, shape);
        const auto index = static_cast<size_t>(model);
        Session session(plan, m, result_.coverage);
        const std::optional<Mismatch> mismatch = session.run();
        result_.slow[index] += session.slow;
        result_.misses += session.misses;
        result_.thrashed += session.thrashed;
        result_.abandoned += session.abandoned;
        result_.kernel_accesses += session.kernel_accesses;
        if (mismatch) {
            found(plan, number, m, *mismatch);
            machines_.erase(model);
            if (result_.findings.size() >= o_.most_mismatches) return;
        }
    }
}

FuzzResult Fuzzer::run() {
    for (uint64_t number = o_.skip;; ++number) {
        one(number);
        ++result_.plans;
        if (o_.only || result_.findings.size() >= o_.most_mismatches ||
            result_.coverage.accesses() >= o_.count)
            break;
    }
    return std::move(result_);
}

}  // namespace

double FuzzResult::fast(unsigned model) const {
    const auto all = static_cast<double>(coverage.data(model));
    return all == 0 ? 0 : 100 * (1 - static_cast<double>(slow[model]) / all);
}

std::string FuzzResult::summary() const {
    unsigned met = 0, all = 0;
    coverage.rows(met, all);
    return fmt::format(
        "{} accesses ({} functional, {} inorder, {} ooo; {} by the kernel), {} refused, {} plans, {} APL "
        "misses "
        "answered, {} given up, {} abandoned; by the fast path {:.0f}, {:.0f}, {:.0f} %; {} of {} rows "
        "covered; {} mismatch{}\n",
        coverage.accesses(), coverage.accesses(0), coverage.accesses(1), coverage.accesses(2),
        kernel_accesses, coverage.faults(0) + coverage.faults(1) + coverage.faults(2), plans, misses,
        thrashed, abandoned, fast(0), fast(1), fast(2), met, all, findings.size(),
        findings.size() == 1 ? "" : "es");
}

FuzzResult fuzz(const FuzzOptions& options) { return Fuzzer(options).run(); }

}  // namespace stile::codoms_fuzz
