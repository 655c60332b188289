// SPDX-License-Identifier: Apache-2.0
#include "tests/slurm/cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace stile::test {
namespace {

namespace fs = std::filesystem;

const char* const programs[] = {"munged", "slurmctld", "slurmd",  "sbatch",
                                "squeue", "scontrol",  "scancel", "sinfo"};

std::string find(const std::string& name) {
    for (const char* folder : {"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"})
        if (access((std::string(folder) + "/" + name).c_str(), X_OK) == 0)
            return std::string(folder) + "/" + name;
    return "";
}

// One that is free at this moment.
int free_port() {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    close(fd);
    return ntohs(address.sin_port);
}

// Slurm knows a node by the first part of the host's name, whatever that resolves to.
std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    const std::string all = name;
    return all.substr(0, all.find('.'));
}

std::string end_of(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    const std::string all = text.str();
    return all.size() > 1500 ? all.substr(all.size() - 1500) : all;
}

}  // namespace

std::string Cluster::missing() {
    for (const char* program : programs)
        if (find(program).empty())
            return std::string(program) +
                   " is not installed (packages slurmctld, slurmd, slurm-client, munge)";
    if (geteuid() != 0) return "only root can start a cluster";
    if (host_name().empty()) return "this host has no name";
    return "";
}

// Another may take a port between its choice and its use: then with others.
Cluster::Cluster(const std::string& folder, const std::string& settings) : folder_(folder) {
    for (int tries = 0; tries < 3; ++tries) {
        if (bring_up(settings)) return;
        trouble_ = "the cluster did not come up:\n" + logs();
        take_down();
    }
}

Cluster::~Cluster() { take_down(); }

bool Cluster::bring_up(const std::string& settings) {
    trouble_.clear();
    fs::remove_all(folder_);
    for (const char* part : {"", "/state", "/spool"}) fs::create_directories(folder_ + part);
    {
        std::ofstream key(folder_ + "/key", std::ios::binary);
        std::random_device random;
        for (int i = 0; i < 128; ++i) key.put(static_cast<char>(random()));
    }
    chmod((folder_ + "/key").c_str(), 0400);
    const std::string host = host_name();
    std::ofstream(folder_ + "/slurm.conf")
        << "ClusterName=stile\nSlurmctldHost=" << host
        << "(127.0.0.1)\nAuthType=auth/munge\nAuthInfo=socket=" << folder_
        << "/munge.sock\nSlurmUser=root\nSlurmdUser=root\nSlurmctldPort=" << free_port()
        << "\nSlurmdPort=" << free_port() << "\nSlurmctldPidFile=" << folder_
        << "/slurmctld.pid\nSlurmdPidFile=" << folder_ << "/slurmd.pid\nStateSaveLocation=" << folder_
        << "/state\nSlurmdSpoolDir=" << folder_
        << "/spool\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSelectType=select/cons_tres\n"
           "SelectTypeParameters=CR_Core\nReturnToService=2\nMpiDefault=none\nKillWait="
           "2\nSchedulerParameters="
           "batch_sched_delay=0,sched_min_interval=0\n"
        << settings << "NodeName=" << host
        << " NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN\nPartitionName=stile Nodes=" << host
        << " Default=YES MaxTime=INFINITE State=UP\n";
    // Nothing is confined, so any kind will do: left to look for itself, the node gives up where none is
    // mounted.
    std::ofstream(folder_ + "/cgroup.conf") << "CgroupPlugin=cgroup/v1\n";
    setenv("SLURM_CONF", (folder_ + "/slurm.conf").c_str(), 1);
    munged_ =
        start({find("munged"), "--foreground", "--force", "--num-threads=2", "--key-file=" + folder_ + "/key",
               "--socket=" + folder_ + "/munge.sock", "--pid-file=" + folder_ + "/munged.pid",
               "--log-file=" + folder_ + "/munged.log", "--seed-file=" + folder_ + "/munged.seed"},
              "munged");
    for (int i = 0; i < 100 && !fs::exists(folder_ + "/munge.sock"); ++i) usleep(100'000);
    controller_ = start({find("slurmctld"), "-D", "-c"}, "slurmctld");
    node_ = start({find("slurmd"), "-D"}, "slurmd");
    return wait_until_idle();
}

void Cluster::take_down() {
    stop(node_);
    stop(controller_);
    stop(munged_);
    unsetenv("SLURM_CONF");
}

void Cluster::stop_node() { stop(node_); }

bool Cluster::wait_until_idle() {
    for (int i = 0; i < 300; ++i) {
        std::FILE* out = popen("timeout 20 sinfo --noheader --format=%T 2>/dev/null", "r");
        char state[64] = {};
        if (out && std::fgets(state, sizeof state, out)) {
        }
        if (out) pclose(out);
        if (std::string(state).starts_with("idle")) return true;
        for (const pid_t pid : {munged_, controller_, node_})
            if (waitpid(pid, nullptr, WNOHANG) == pid) return false;
        usleep(200'000);
    }
    return false;
}

// They end with this process, whatever becomes of it.
pid_t Cluster::start(const std::vector<std::string>& command, const std::string& log) {
    const pid_t parent = getpid(), pid = fork();
    if (pid != 0) return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    const int fd = open((folder_ + "/" + log + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(fd, 1);
    dup2(fd, 2);
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
}

void Cluster::stop(pid_t& pid) {
    if (pid <= 0) return;
    kill(pid, SIGTERM);
    for (int i = 0; i < 100; ++i) {
        if (waitpid(pid, nullptr, WNOHANG) != 0) {
            pid = 0;
            return;
        }
        usleep(100'000);
    }
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pid = 0;
}

std::string Cluster::logs() const {
    std::string all;
    for (const char* name : {"munged.out", "munged.log", "slurmctld.out", "slurmd.out"})
        all += std::string("== ") + name + "\n" + end_of(folder_ + "/" + name) + "\n";
    return all;
}

}  // namespace stile::test
