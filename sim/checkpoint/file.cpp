// SPDX-License-Identifier: Apache-2.0
#include "sim/checkpoint/file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "model/checkpoint/archive.h"

namespace stile::sim {

void archive(model::StateArchive& a, CpuidShown& c) {
    auto& [core, leaf, subleaf, answer] = c;
    a(core, leaf, subleaf, answer);
}

void archive(model::StateArchive& a, CheckpointHeader& h) {
    auto& [written_by, needs, shown, cpuid, handed_over, now, region_ended, body_bytes, body] = h;
    a(written_by, needs, shown, cpuid, handed_over, now, region_ended, body_bytes, body);
}

namespace {

constexpr char magic[9] = "STILECKP";
constexpr uint32_t longest_header = 16 << 20;

struct Start {
    char magic[8];
    uint32_t format, header_bytes;
    uint64_t digest[2];
};
static_assert(sizeof(Start) == 32);

Digest digest_of(const std::string& bytes) {
    Digest digest;
    digest.add(std::string_view(bytes));
    return digest;
}

std::string read(std::ifstream& in, uint64_t bytes) {
    std::string text;
    // Piece by piece: a length that is not true must not make the host hand out memory.
    while (text.size() < bytes) {
        const size_t had = text.size();
        text.resize(had + std::min<uint64_t>(bytes - had, 1 << 20));
        in.read(text.data() + had, static_cast<std::streamsize>(text.size() - had));
        if (!in) throw CheckpointError("it is cut off");
    }
    return text;
}

std::ifstream open(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw CheckpointError(fmt::format("it cannot be read: {}", std::strerror(errno)));
    return in;
}

Start read_start(std::ifstream& in) {
    Start start;
    in.read(reinterpret_cast<char*>(&start), sizeof start);
    if (in.gcount() < 8 || std::memcmp(start.magic, magic, 8) != 0)
        throw CheckpointError("it is no checkpoint of Stile");
    if (!in) throw CheckpointError("it is cut off");
    if (start.format != checkpoint_format)
        throw CheckpointError(
            fmt::format("it has format {}; this program reads format {}", start.format, checkpoint_format));
    if (start.header_bytes > longest_header) throw CheckpointError("it is damaged");
    return start;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, CheckpointHeader header, const std::string& body) {
    header.body_bytes = body.size();
    header.body = digest_of(body);
    model::StateArchive out;
    out(header);
    const Digest digest = digest_of(out.bytes());
    Start start{{}, checkpoint_format, static_cast<uint32_t>(out.bytes().size()), {digest.a, digest.b}};
    std::memcpy(start.magic, magic, sizeof start.magic);

    const std::filesystem::path temporary =
        path.parent_path() / fmt::format(".{}.{}", path.filename().string(), getpid());
    errno = 0;
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(&start), sizeof start);
    file.write(out.bytes().data(), static_cast<std::streamsize>(out.bytes().size()));
    file.write(body.data(), static_cast<std::streamsize>(body.size()));
    file.close();
    std::error_code error;
    if (file) std::filesystem::rename(temporary, path, error);
    if (file && !error) return;
    const std::string why = error ? error.message() : std::strerror(errno);
    std::filesystem::remove(temporary, error);
    throw CheckpointError(fmt::format("{} cannot be written: {}", path.string(), why));
}

CheckpointHeader read_checkpoint_header(const std::filesystem::path& path) {
    std::ifstream in = open(path);
    const Start start = read_start(in);
    const std::string bytes = read(in, start.header_bytes);
    if (digest_of(bytes) != Digest{start.digest[0], start.digest[1]}) throw CheckpointError("it is damaged");
    CheckpointHeader header;
    try {
        model::StateArchive archive(bytes);
        archive(header);
        archive.finish();
    } catch (const model::ArchiveError& error) {
        throw CheckpointError(error.what());
    }
    return header;
}

std::string read_checkpoint_body(const std::filesystem::path& path, const CheckpointHeader& header) {
    std::ifstream in = open(path);
    const Start start = read_start(in);
    in.seekg(start.header_bytes, std::ios::cur);
    std::string body = read(in, header.body_bytes);
    if (in.peek() != std::ifstream::traits_type::eof()) throw CheckpointError("something follows its end");
    if (digest_of(body) != header.body) throw CheckpointError("it is damaged");
    return body;
}

}  // namespace stile::sim
