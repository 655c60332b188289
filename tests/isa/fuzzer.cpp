// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/fuzzer.h"

#include <fmt/format.h>

#include <algorithm>

#include "isa/translate.h"
#include "tests/isa/minimise.h"

namespace stile::fuzz {

namespace {

size_t row_of(const isa::Form& form) { return static_cast<size_t>(&form - isa::forms().data()); }

std::string list(const Assembled& a) {
    std::string out;
    const Program& p = a.program;
    for (const auto& place : a.places) {
        const size_t at = place.address - slot_at(p.slot);
        const size_t size = place.piece ? place.piece->bytes.size() : slot_bytes - at;
        const size_t left = std::min<size_t>({size, isa::max_instruction_bytes, slot_bytes - at});
        unsigned length = 0;
        const std::string text = isa::disassemble({p.code.data() + at, left}, place.address, &length);
        std::string bytes;
        for (size_t i = 0; i < (place.piece ? left : length); ++i)
            bytes += fmt::format("{:02x} ", p.code[at + i]);
        out += fmt::format("  {:x}  {:<32}{}\n", place.address, bytes, text);
    }
    return out;
}

struct Case {
    uint64_t number = 0;
    Sequence sequence;
    Assembled assembled;
    bool tried = true;  // natively
    bool judged = false;
};

class Fuzzer {
  public:
    explicit Fuzzer(const FuzzOptions& options)
        : options_(options), generator_(options.seed, options.generator), got_(std::make_unique<Outcome>()) {
        for (const model::CoreModel model : options.cores) guests_.push_back(make_guest(model));
        result_.rows.resize(isa::forms().size());
        result_.comparable = static_cast<unsigned>(generator_.rows().size());
        want_.resize(slots);
        scratch_.resize(1);
    }

    FuzzResult run();

  private:
    std::unique_ptr<Guest> make_guest(model::CoreModel model) {
        auto guest = std::make_unique<Guest>(model, options_.machine_cores);
        if (options_.prepare) options_.prepare(*guest);
        return guest;
    }
    bool enough() const {
        return result_.instructions >= options_.count ||
               result_.mismatches.size() >= options_.most_mismatches;
    }
    void generate(uint64_t first);
    void batch();
    void compare_on(unsigned core, std::vector<Case>& cases);
    void count(const Case& c, const Outcome& want);
    void report(const Case& c, unsigned core, unsigned run, const std::string& differences);
    // What differs when the sequence is run by itself on a new core, or nothing.
    std::string arguments() const;  // those that a repetition needs as well
    std::string alone(const Sequence& sequence, const Data& data, unsigned core);

    const FuzzOptions options_;
    Generator generator_;
    Native native_;
    std::vector<std::unique_ptr<Guest>> guests_;
    std::vector<Outcome> want_, scratch_;
    std::unique_ptr<Outcome> got_;
    std::vector<Case> cases_;
    Data data_;
    FuzzResult result_;
};

void Fuzzer::generate(uint64_t first) {
    cases_.clear();
    generator_.data(first, data_);
    for (unsigned i = 0; i < slots; ++i) {
        if (first + i < options_.skip) continue;
        Case& c = cases_.emplace_back();
        c.number = first + i;
        c.sequence = generator_.sequence(c.number, i);
        if (options_.only && i != options_.skip % slots) cases_.pop_back();
    }
    for (Case& c : cases_) c.assembled = assemble(c.sequence);
}

// The simulation goes first, so that the host need not wait for what does not end.
void Fuzzer::batch() {
    std::vector<Program> programs;
    for (const Case& c : cases_) programs.push_back(c.assembled.program);
    guests_[0]->load(data_, programs);
    programs.clear();
    for (Case& c : cases_) {
        guests_[0]->run(c.assembled.program, *got_);
        c.tried = got_->stop.kind != Stop::endless || c.assembled.linear;
        if (got_->stop.kind == Stop::died) guests_[0] = make_guest(options_.cores[0]);
        if (c.tried) programs.push_back(c.assembled.program);
    }
    for (const Case& c : cases_) native_.place(c.assembled.program);
    native_.run(data_, programs, want_);
    result_.sequences += cases_.size();
    for (size_t i = 0; i < programs.size(); ++i) result_.died += want_[i].stop.kind == Stop::died;
    for (unsigned core = 0; core < guests_.size(); ++core) {
        std::vector<Program> all;
        for (const Case& c : cases_) all.push_back(c.assembled.program);
        guests_[core]->load(data_, all);
        compare_on(core, cases_);
    }
    for (const Case& c : cases_) result_.unjudged += !c.judged;
}

void Fuzzer::compare_on(unsigned core, std::vector<Case>& cases) {
    unsigned next = 0;
    for (Case& c : cases) {
        if (!c.tried) continue;
        const Outcome& want = want_[next++];
        std::string differences;
        for (unsigned run = 0; run < options_.runs; ++run) {
            guests_[core]->run(c.assembled.program, *got_);
            const Verdict verdict = compare(c.assembled, want, *got_, differences);
            if (verdict == Verdict::unjudged) break;
            if (!c.judged) {
                c.judged = true;
                count(c, want);
                result_.instructions += got_->instructions;
            }
            if (verdict == Verdict::equal) continue;
            if (result_.mismatches.size() < options_.most_mismatches) report(c, core, run, differences);
            if (got_->stop.kind == Stop::died) {
                guests_[core] = make_guest(options_.cores[core]);
                std::vector<Program> all;
                for (const Case& other : cases) all.push_back(other.assembled.program);
                guests_[core]->load(data_, all);
            }
            break;
        }
    }
}

// Rows that were certainly executed: up to the first branch, and where the case ended.
void Fuzzer::count(const Case& c, const Outcome& want) {
    for (const auto& place : c.assembled.places) {
        const isa::Form* form = place.piece ? place.piece->form : nullptr;
        const bool last = want.stop.kind == Stop::fault && place.address == want.stop.rip;
        if (form) {
            RowCount& row = result_.rows[row_of(*form)];
            ++(last ? row.faulted : row.executed);
        }
        if (last || (form && is_branch(*form))) break;
    }
}

std::string Fuzzer::arguments() const {
    std::string out;
    const GeneratorOptions defaults;
    if (!options_.generator.row.empty()) out += fmt::format(" --row '{}'", options_.generator.row);
    if (options_.generator.length != defaults.length)
        out += fmt::format(" --length {}", options_.generator.length);
    return out;
}

std::string Fuzzer::alone(const Sequence& sequence, const Data& data, unsigned core) {
    const Assembled a = assemble(sequence);
    const auto guest = make_guest(options_.cores[core]);
    guest->load(data, {&a.program, 1});
    bool ran = false;
    for (unsigned run = 0; run < options_.runs; ++run) {
        guest->run(a.program, *got_);
        if (!ran) {
            if (got_->stop.kind == Stop::endless && !a.linear) return {};
            native_.run(data, {&a.program, 1}, scratch_);
            ran = true;
        }
        std::string differences;
        const Verdict verdict = compare(a, scratch_[0], *got_, differences);
        if (verdict == Verdict::different) return differences;
        if (verdict == Verdict::unjudged) return {};
    }
    return {};
}

void Fuzzer::report(const Case& c, unsigned core, unsigned run, const std::string& differences) {
    Mismatch m;
    m.number = c.number;
    m.core = fmt::format("{}, execution {}", guests_[core]->name(), run + 1);
    m.sequence = c.sequence;
    m.difference = differences;
    Data data = data_;
    const bool repeats = options_.minimise && !alone(m.sequence, data, core).empty();
    if (repeats) {
        minimise(m.sequence, data,
                 [&](const Sequence& s, const Data& d) { return !alone(s, d, core).empty(); });
        m.difference = alone(m.sequence, data, core);
    }
    m.listing = list(assemble(m.sequence));
    m.text = fmt::format(
        "mismatch in sequence {} of seed {} on {}{}\n{}from\n{}{}differences\n{}repeat with: isa_fuzz --seed "
        "{} "
        "--sequence {}{}\n\n",
        c.number, options_.seed, m.core,
        !options_.minimise ? ""
        : repeats          ? " (minimised)"
                           : " (not when run by itself)",
        m.listing,
        m.sequence.second_page == SecondPage::writable    ? ""
        : m.sequence.second_page == SecondPage::read_only ? "  second page of data read-only\n"
                                                          : "  second page of data absent\n",
        describe(m.sequence.start, plain_state()), m.difference, options_.seed, c.number, arguments());
    if (options_.out) {
        std::fputs(m.text.c_str(), options_.out);
        std::fflush(options_.out);
    }
    result_.mismatches.push_back(std::move(m));
}

FuzzResult Fuzzer::run() {
    uint64_t first = options_.skip / slots * slots;
    do {
        generate(first);
        batch();
        first += slots;
    } while (!options_.only && !enough());
    for (const isa::Form* form : generator_.rows()) {
        const RowCount& row = result_.rows[row_of(*form)];
        const bool covered = row.executed > 0 || (always_faults(*form) && row.faulted > 0);
        result_.covered += covered;
        if (!covered)
            result_.uncovered.push_back(
                fmt::format("{} {} [{}]", form->mnemonic, form->operands, form->encoding));
    }
    return std::move(result_);
}

}  // namespace

std::string FuzzResult::summary() const {
    return fmt::format(
        "{} instructions in {} sequences, {} of them not judged, {} mismatches\n"
        "rows: covered {} of {} comparable\n",
        instructions, sequences, unjudged, mismatches.size(), covered, comparable);
}

FuzzResult fuzz(const FuzzOptions& options) { return Fuzzer(options).run(); }

}  // namespace stile::fuzz
