// SPDX-License-Identifier: Apache-2.0
//
// Questions: is it a service that keeps what it is given, whatever it is reached by; what does a way of
// reaching it cost; and who can look into its table?
#include "tests/e2e/stile.h"

namespace stile::sim {
namespace {

class KeyValue : public Stile {
  protected:
    Csv kv(const std::string& more) {
        write("k.yaml", "extends: " STILE_SOURCE_DIR
                        "/configs/runs/kv.yaml\nworkload: {sizes: [200 B]}\n"
                        "measure: {warmup: 50, repetitions: 100}\n");
        const Output output = stile("run k.yaml --out k " + more);
        EXPECT_EQ(output.code, 0) << output.err;
        const Csv csv = results("k");
        for (size_t i = 0; i < csv.rows.size(); ++i) EXPECT_EQ(csv.at(i, "checked"), "1");
        return csv;
    }
    static std::string reasons() {
        const Csv csv = parse_csv(contents("k/refused.csv"));
        std::string all;
        for (size_t i = 0; i < csv.rows.size(); ++i)
            all += csv.at(i, "mechanism") + " " + csv.at(i, "errno_name") + ": " + csv.at(i, "reason") + "\n";
        return all;
    }
};

TEST_F(KeyValue, EveryMechanismReachesTheSameService) {
    const Csv csv = kv("--set workload.policies=[low,high]");
    ASSERT_EQ(csv.rows.size(), 7u);
    EXPECT_THAT(reasons(), testing::HasSubstr("syscall EINVAL: an empty system call has no server"));
    EXPECT_THAT(reasons(), testing::HasSubstr("mpk ENOSYS"));
    for (size_t i = 0; i < csv.rows.size(); ++i) {
        const std::string& mechanism = csv.at(i, "mechanism");
        SCOPED_TRACE(mechanism + " " + csv.at(i, "policy"));
        // The same requests, so the same table.
        for (const char* same : {"hits_per_1000", "bytes_per_call", "entries", "resizes"})
            EXPECT_EQ(csv.at(i, same), csv.at(0, same)) << same;
        // The service copies a value once, into the answer; what the way adds is the mechanism's.
        EXPECT_EQ(number(csv, i, "copies_user"), 1);
        EXPECT_EQ(number(csv, i, "copies_kernel"), mechanism == "pipe" ? 2 : mechanism == "binder" ? 1 : 0);
        const bool kernel = mechanism == "pipe" || mechanism == "binder";
        EXPECT_EQ(number(csv, i, "context_switches"), kernel ? 2 : 0);
        EXPECT_EQ(number(csv, i, "kernel_instructions") > 0, kernel);
        EXPECT_GT(number(csv, i, "get_cycles"), 0);
        EXPECT_GT(number(csv, i, "put_cycles"), 0);
    }
    EXPECT_EQ(csv.at(0, "resizes"), "3");  // 64 slots, and 256 entries at three quarters at most
    EXPECT_GE(number(csv, 0, "hits_per_1000"), 950);
}

TEST_F(KeyValue, AWayCostsWhatItCostsWithoutAService) {
    const std::string mechanisms =
        "--set workload.mechanisms=[function,dipc,binder] --set workload.policies=[low] ";
    const Csv here = kv(mechanisms + "--set workload.value_sizes=fixed --set workload.sizes=[64]");
    write("c.yaml", "extends: " STILE_SOURCE_DIR
                    "/configs/runs/compare.yaml\nworkload: {sizes: [64 B]}\n"
                    "measure: {warmup: 50, repetitions: 50}\n");
    ASSERT_EQ(stile("run c.yaml --core ooo --out c " + mechanisms).code, 0);
    const Csv sync = results("c");
    for (const char* mechanism : {"dipc", "binder"}) {
        const std::string policy = mechanism == std::string("dipc") ? "low" : "-";
        const double service = number(here, find(here, mechanism, policy, "64"), "cycles_mean") -
                               number(here, find(here, "function", "-", "64"), "cycles_mean");
        const double alone = number(sync, find(sync, mechanism, policy, "64"), "cycles_mean") -
                             number(sync, find(sync, "function", "-", "64"), "cycles_mean");
        // An out-of-order core hides a part of a short way behind the service.
        EXPECT_GT(service, 0) << mechanism;
        EXPECT_NEAR(service, alone, 0.15 * alone + 60) << mechanism;
    }
}

TEST_F(KeyValue, WhoSeesTheServersHeapReadsInPlace) {
    const std::string some =
        "--set workload.mechanisms=[function,codoms,dipc,mpk,pipe,binder] "
        "--set workload.policies=[low] --set workload.sizes=[4096] "
        "--set workload.value_sizes=fixed --set workload.gets=100 --set workload.deletes=0 "
        "--set workload.keys=32 ";
    const Csv in_place = kv(some + "--set workload.reads=in_place");
    ASSERT_EQ(in_place.rows.size(), 3u);
    EXPECT_THAT(reasons(),
                testing::HasSubstr("mpk EINVAL: the gate closes the server's memory on the way back"));
    EXPECT_THAT(reasons(), testing::HasSubstr("binder EINVAL: the client cannot see the server's memory"));
    const std::string three = some + "--set workload.mechanisms=[function,codoms,dipc] ";
    const Csv copied = kv(three + "--set measure.touch=none");
    const Csv seen = kv(three + "--set measure.touch=none --set workload.reads=in_place");
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(in_place.at(i, "copies"), "0");
        EXPECT_EQ(in_place.at(i, "retries"), "0");
        EXPECT_EQ(in_place.at(i, "hits_per_1000"), "1000");
        EXPECT_EQ(in_place.at(i, "bytes_per_call"), "4096");
        EXPECT_EQ(copied.at(i, "copies"), "1");
        // 16 bytes a cycle is what a copy takes at least.
        EXPECT_GT(number(copied, i, "cycles_mean") - number(seen, i, "cycles_mean"), 4096 / 16);
    }
}

// The attack, and the same without the check.
TEST_F(KeyValue, TheTableIsTheServersAlone) {
    const std::string look = "--set workload.trespass=true --set workload.sizes=[64] ";
    for (const char* reads : {"copy", "in_place"}) {
        const Csv with =
            kv(look +
               "--set workload.mechanisms=[function,codoms,dipc] --set workload.policies=[low,high]"
               " --set workload.reads=" +
               reads);
        ASSERT_EQ(with.rows.size(), 5u);
        for (size_t i = 0; i < 5; ++i)
            EXPECT_EQ(with.at(i, "trespass_refused"), with.at(i, "mechanism") == "function" ? "0" : "1");
    }
    const Csv without = kv(look +
                           "--set workload.mechanisms=[codoms,dipc] --set workload.policies=[low,high] "
                           "--set protection=none");
    ASSERT_EQ(without.rows.size(), 4u);
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(without.at(i, "trespass_refused"), "0");
    const Csv keys =
        kv(look + "--set workload.mechanisms=[mpk] --set workload.policies=[low,high] --set protection=mpk");
    ASSERT_EQ(keys.rows.size(), 2u);
    for (size_t i = 0; i < 2; ++i) EXPECT_EQ(keys.at(i, "trespass_refused"), "1");
}

TEST_F(KeyValue, TheMixIsTheOneAskedFor) {
    const std::string some = "--set workload.mechanisms=[function] --set measure.repetitions=400 ";
    const Csv gets = kv(some + "--set workload.gets=100 --set workload.deletes=0");
    EXPECT_EQ(gets.at(0, "hits_per_1000"), "1000");
    EXPECT_EQ(gets.at(0, "put_cycles"), "");
    const Csv losing = kv(some + "--set workload.gets=70 --set workload.deletes=30");
    EXPECT_LT(number(losing, 0, "hits_per_1000"), 800);
    EXPECT_LT(number(losing, 0, "entries"), 256);
    EXPECT_NE(losing.at(0, "delete_cycles"), "");
    const Csv scans = kv(some + "--set workload.gets=50 --set workload.scans=40");
    EXPECT_GT(number(scans, 0, "scan_cycles"), number(scans, 0, "get_cycles"));
    EXPECT_GT(number(scans, 0, "bytes_per_call"), number(gets, 0, "bytes_per_call"));
    // Favourites stay in the caches.
    const std::string many =
        some + "--set workload.keys=2048 --set workload.gets=100 --set workload.deletes=0 ";
    const Csv zipf = kv(many), uniform = kv(many + "--set workload.distribution=uniform");
    EXPECT_LT(number(zipf, 0, "cycles_mean"), number(uniform, 0, "cycles_mean"));
    const Output wrong = stile("run k.yaml --set workload.gets=90 --set workload.scans=20");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_THAT(wrong.err, testing::HasSubstr("111 of a hundred calls; 100 at most is right"));
}

TEST_F(KeyValue, SeveralClientsKeepTheTableRight) {
    const std::string some =
        "--set machine.cores=2 --set workload.clients=3 --set workload.keys=40 --set workload.deletes=10 "
        "--set workload.gets=50 --set workload.policies=[low] --set measure.repetitions=30 ";
    const Csv csv = kv(some + "--set workload.mechanisms=[function,codoms,pipe,binder,dipc]");
    ASSERT_EQ(csv.rows.size(), 5u);
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(csv.at(i, "calls"), "90");
        EXPECT_GT(number(csv, i, "hits_per_1000"), 500);
        EXPECT_LE(number(csv, i, "entries"), 120);
        EXPECT_EQ(csv.at(i, "resizes"), "2");
    }
    // Read where the others may be writing: retried until nobody was.
    const Csv in_place =
        kv(some + "--set workload.mechanisms=[function,codoms,dipc] --set workload.reads=in_place");
    ASSERT_EQ(in_place.rows.size(), 3u);
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(in_place.at(i, "copies"), "0");
}

TEST_F(KeyValue, SameInputsSameBytes) {
    const std::string some =
        "--set machine.cores=2 --set workload.clients=2 --set workload.keys=20 --set workload.policies=[low] "
        "--set workload.scans=5 --set measure.repetitions=30 --set workload.mechanisms=[codoms,binder,dipc]";
    kv(some);
    const std::string first = contents("k/results.csv"), stats = contents("k/stats.json");
    kv(some);
    EXPECT_EQ(contents("k/results.csv"), first);
    EXPECT_EQ(contents("k/stats.json"), stats);
}

TEST_F(KeyValue, TheSameProgramsRunOnLinux) {
    for (const char* mechanism : {"function", "pipe"}) {
        const Output native = shell("timeout 60 " STILE_GUEST_KV
                                    " size=200 gets=60 deletes=9 scans=5 warmup=50 "
                                    "repetitions=100 mechanism=" +
                                    std::string(mechanism));
        EXPECT_EQ(native.code, 0) << native.err;
        EXPECT_THAT(native.out, testing::HasSubstr("calls=100 checked=ok"));
        kv("--set workload.gets=60 --set workload.deletes=9 --set workload.scans=5 --set "
           "workload.mechanisms=[" +
           std::string(mechanism) + "]");
        EXPECT_THAT(contents("k/console.txt"), testing::HasSubstr(native.out));
    }
}

}  // namespace
}  // namespace stile::sim
