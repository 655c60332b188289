// SPDX-License-Identifier: Apache-2.0
//
// Question: does the table of the key-value service hold what was put into it, through growth, deletion,
// values that change their size, and a heap that is full?
#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "workloads/kv/table.h"
}

namespace {

class Table : public testing::Test {
  protected:
    void make(size_t entries, size_t heap_bytes) {
        index_.assign(kv_index_bytes(entries), 0);
        heap_.assign(heap_bytes, 0);
        ASSERT_EQ(kv_init(&table_, index_.data(), index_.size(), heap_.data(), heap_.size()), 0);
    }
    int put(const std::string& key, const std::string& value) {
        return kv_put(&table_, key.data(), key.size(), value.data(), value.size());
    }
    int erase(const std::string& key) { return kv_delete(&table_, key.data(), key.size()); }
    kv_entry* find(const std::string& key) { return kv_find(&table_, key.data(), key.size()); }
    static std::string key_of(kv_entry* e) { return {reinterpret_cast<char*>(e->bytes), e->key_bytes}; }
    static std::string value_of(kv_entry* e) {
        return {reinterpret_cast<char*>(kv_value(e)), e->value_bytes};
    }
    std::map<std::string, std::string> contents() {
        std::map<std::string, std::string> all;
        uint32_t cursor = 0;
        while (kv_entry* e = kv_next(&table_, &cursor))
            EXPECT_TRUE(all.emplace(key_of(e), value_of(e)).second) << "twice: " << key_of(e);
        return all;
    }

    std::vector<uint64_t> index_, heap_;
    kv_table table_;
};

TEST_F(Table, IsTheMapThatItShouldBe) {
    make(3000, 4 << 20);
    std::mt19937 random(1);
    std::map<std::string, std::string> model;
    for (int i = 0; i < 60000; ++i) {
        // Few keys at first, many later, few again: the table grows, and runs of probes come and go.
        const unsigned keys = i < 20000 ? 40 : i < 40000 ? 2500 : 300;
        const std::string key = "key" + std::to_string(random() % keys);
        const unsigned what = random() % 10;
        if (what < 5) {
            const std::string value(random() % 700, static_cast<char>('a' + random() % 26));
            ASSERT_EQ(put(key, value), 0);
            model[key] = value;
        } else if (what < 8) {
            ASSERT_EQ(erase(key), model.erase(key) ? 0 : -ENOENT);
        }
        kv_entry* e = find(key);
        ASSERT_EQ(e != nullptr, model.contains(key));
        if (e) {
            ASSERT_EQ(value_of(e), model[key]);
            ASSERT_EQ(e->version % 2, 0u);
        }
        if (i % 5000 == 0) {
            ASSERT_EQ(contents(), model);
        }
    }
    EXPECT_EQ(contents(), model);
    EXPECT_EQ(table_.used, model.size());
    EXPECT_GE(table_.resizes, 4u);
}

TEST_F(Table, AFullHeapChangesNothing) {
    make(100, 4096);
    std::map<std::string, std::string> model;
    int error = 0;
    for (int i = 0; error == 0; ++i) {
        const std::string key = "k" + std::to_string(i), value(100, 'x');
        error = put(key, value);
        if (error == 0) model[key] = value;
    }
    EXPECT_EQ(error, -ENOMEM);
    EXPECT_EQ(contents(), model);
    EXPECT_EQ(put("k0", std::string(900, 'y')), -ENOMEM);
    EXPECT_EQ(value_of(find("k0")), std::string(100, 'x'));
    // What is deleted makes room.
    EXPECT_EQ(erase("k1"), 0);
    EXPECT_EQ(put("new", std::string(100, 'z')), 0);
    EXPECT_EQ(find("k1"), nullptr);
}

TEST_F(Table, AFullIndexChangesNothing) {
    make(40, 1 << 20);
    int stored = 0;
    while (put("k" + std::to_string(stored), "v") == 0) ++stored;
    EXPECT_EQ(stored, 48);  // three quarters of 64 slots
    EXPECT_EQ(contents().size(), 48u);
    EXPECT_EQ(put("k3", "other"), 0);
    EXPECT_EQ(value_of(find("k3")), "other");
}

// Who reads in place goes by the version.
TEST_F(Table, TheVersionChangesWithEveryChangeAndNeverGoesBack) {
    make(10, 1 << 16);
    ASSERT_EQ(put("key", "one"), 0);
    kv_entry* e = find("key");
    uint64_t version = e->version;
    for (const char* value : {"two", "", "a longer one"}) {
        ASSERT_EQ(put("key", value), 0);
        ASSERT_EQ(find("key"), e);  // the same block
        EXPECT_GT(e->version, version);
        EXPECT_EQ(e->version % 2, 0u);
        version = e->version;
    }
    ASSERT_EQ(put("key", std::string(1000, 'x')), 0);
    EXPECT_NE(find("key"), e);
    EXPECT_GT(e->version, version);
    version = e->version;
    ASSERT_EQ(put("another", "one"), 0);  // takes the free block
    EXPECT_EQ(find("another"), e);
    EXPECT_GT(e->version, version);
}

}  // namespace
