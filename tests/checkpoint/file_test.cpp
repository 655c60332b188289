// SPDX-License-Identifier: Apache-2.0
//
// Question: does a checkpoint's file give back what was written, and is whatever else lies in its place
// refused with a reason?
#include "sim/checkpoint/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

namespace stile::sim {
namespace {

using testing::HasSubstr;

class CheckpointFile : public testing::Test {
  protected:
    CheckpointFile() {
        std::string name = "/tmp/stile-checkpoint-XXXXXX";
        folder_ = mkdtemp(name.data());
        path_ = folder_ / "a.checkpoint";
        header_.written_by = "0123abc";
        header_.needs = {{"machine.cores", "2"}, {"protection", "codoms"}};
        header_.shown = {{"machine.codoms.apl_cache.entries", "32"}};
        header_.cpuid = {{1, 4, 0, {1, 2, 3, 4}}};
        header_.now = 85'981;
        std::mt19937 random(1);
        for (int i = 0; i < 3000; ++i) body_ += static_cast<char>(random());
        write_checkpoint(path_, header_, body_);
        good_ = bytes();
    }
    ~CheckpointFile() override { std::filesystem::remove_all(folder_); }

    std::string bytes() const {
        std::ifstream in(path_, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    void put(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
    // Why it is refused; empty: it is not.
    std::string refusal() const {
        try {
            read_checkpoint_body(path_, read_checkpoint_header(path_));
            return "";
        } catch (const CheckpointError& error) {
            return error.what();
        }
    }

    std::filesystem::path folder_, path_;
    CheckpointHeader header_;
    std::string body_, good_;
};

TEST_F(CheckpointFile, GivesBackWhatWasWritten) {
    const CheckpointHeader header = read_checkpoint_header(path_);
    EXPECT_EQ(header.written_by, header_.written_by);
    EXPECT_EQ(header.needs, header_.needs);
    EXPECT_EQ(header.shown, header_.shown);
    EXPECT_EQ(header.cpuid, header_.cpuid);
    EXPECT_EQ(header.now, 85'981u);
    EXPECT_TRUE(header.handed_over);
    EXPECT_FALSE(header.region_ended);
    EXPECT_EQ(header.body_bytes, body_.size());
    EXPECT_EQ(read_checkpoint_body(path_, header), body_);
}

TEST_F(CheckpointFile, TheSameGivesTheSameBytesAndNothingElseIsLeft) {
    write_checkpoint(path_, header_, body_);
    EXPECT_EQ(bytes(), good_);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(CheckpointFile, CutOffAnywhereItIsRefused) {
    for (size_t length = 0; length < good_.size(); length += length < 300 ? 1 : 97) {
        put(good_.substr(0, length));
        EXPECT_NE(refusal(), "") << length << " of " << good_.size() << " bytes";
    }
    put(good_ + '\0');
    EXPECT_EQ(refusal(), "something follows its end");
}

TEST_F(CheckpointFile, AnyBitThatFlipsIsNoticed) {
    for (size_t bit = 0; bit < good_.size() * 8; bit += 41) {
        std::string bad = good_;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
        put(bad);
        EXPECT_NE(refusal(), "") << "bit " << bit;
    }
}

TEST_F(CheckpointFile, DamageOfEveryKindIsRefused) {
    std::mt19937 random(2);
    const auto below = [&](size_t n) { return random() % n; };
    for (int i = 0; i < 400; ++i) {
        std::string bad = good_;
        for (size_t n = 1 + below(4); n > 0; --n) {
            const size_t at = below(bad.size());
            switch (below(4)) {
                case 0:
                    bad[at] = static_cast<char>(random());
                    break;
                case 1:
                    bad.insert(at, 1 + below(16), static_cast<char>(random()));
                    break;
                case 2:
                    bad.erase(at, 1 + below(16));
                    break;
                default:  // a number that may be a length
                    for (size_t k = at; k < std::min(at + 8, bad.size()); ++k) bad[k] = '\xff';
            }
        }
        if (bad == good_) continue;
        put(bad);
        EXPECT_NE(refusal(), "") << "mutation " << i;
    }
}

// Whoever forges a digest, too, gets a reason or a header that fits nothing, and no crash.
TEST_F(CheckpointFile, AHeaderThatLiesIsReadWithoutHarm) {
    std::mt19937 random(3);
    uint32_t length;
    std::memcpy(&length, good_.data() + 12, sizeof length);
    unsigned refused = 0;
    for (int i = 0; i < 400; ++i) {
        std::string bad = good_;
        for (unsigned n = 1 + random() % 3; n > 0; --n) {
            const size_t at = 32 + random() % length;
            if (random() % 2)
                bad[at] = static_cast<char>(random());
            else
                for (size_t k = at; k < std::min<size_t>(at + 8, 32 + length); ++k) bad[k] = '\xff';
        }
        Digest digest;
        digest.add(std::string_view(bad).substr(32, length));
        const uint64_t words[2] = {digest.a, digest.b};
        std::memcpy(bad.data() + 16, words, sizeof words);
        put(bad);
        refused += !refusal().empty();
    }
    EXPECT_GT(refused, 200u);
}

TEST_F(CheckpointFile, OtherFilesAreToldApart) {
    put("");
    EXPECT_EQ(refusal(), "it is no checkpoint of Stile");
    put("workload: sync_call\n");
    EXPECT_EQ(refusal(), "it is no checkpoint of Stile");
    std::string other = good_;
    other[8] = 2;
    put(other);
    EXPECT_EQ(refusal(), "it has format 2; this program reads format 1");
    put(good_.substr(0, 20));
    EXPECT_EQ(refusal(), "it is cut off");
    std::filesystem::remove(path_);
    EXPECT_THAT(refusal(), HasSubstr("it cannot be read: No such file"));
    std::filesystem::create_directory(path_);
    EXPECT_NE(refusal(), "");
}

TEST_F(CheckpointFile, WhereNothingCanBeWrittenItSaysSo) {
    try {
        write_checkpoint(folder_ / "missing" / "a.checkpoint", header_, body_);
        FAIL();
    } catch (const CheckpointError& error) {
        EXPECT_THAT(error.what(), HasSubstr("missing/a.checkpoint cannot be written: No such file"));
    }
}

}  // namespace
}  // namespace stile::sim
