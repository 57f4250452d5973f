#include "clipsim/pipeline/steps/shared_embedding.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/progress.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::size_t batch_size = 32;

constexpr std::size_t hash_digits = 32;

// A batch as it travels: the number of files, their positions and hashes, the matrices one after the other.
std::string pack(const EmbeddedBatch& batch) {
    std::string bytes;
    const auto append = [&bytes](const void* data, std::size_t size) {
        bytes.append(static_cast<const char*>(data), size);
    };
    const std::uint64_t count = batch.files.size();
    append(&count, sizeof count);
    for (const std::uint64_t file : batch.files) append(&file, sizeof file);
    for (const std::string& hash : batch.hashes) append(hash.data(), hash_digits);
    for (const std::vector<float>& matrix : batch.vectors)
        append(matrix.data(), matrix.size() * sizeof(float));
    return bytes;
}

// `files`: how many there are.
EmbeddedBatch unpack(const std::string& bytes, std::span<const int> dimensions, std::size_t files, int rank) {
    EmbeddedBatch batch;
    std::size_t per_file = sizeof(std::uint64_t) + hash_digits;
    for (const int dimension : dimensions) per_file += static_cast<std::size_t>(dimension) * sizeof(float);
    const auto refuse = [rank] {
        throw Error(concat("rank ", rank,
                           " sends vectors of another size than rank 0 has: they do not work with the same "
                           "model; start all with the same files and settings"));
    };
    if (bytes.size() < sizeof(std::uint64_t) || (bytes.size() - sizeof(std::uint64_t)) % per_file != 0)
        refuse();
    const char* next = bytes.data();
    const auto take = [&next](void* target, std::size_t size) {
        if (size > 0) std::memcpy(target, next, size);
        next += size;
    };
    std::uint64_t count = 0;
    take(&count, sizeof count);
    if (count != (bytes.size() - sizeof count) / per_file) refuse();
    for (std::uint64_t i = 0, file = 0; i < count; ++i) {
        take(&file, sizeof file);
        if (file >= files) refuse();
        batch.files.push_back(file);
    }
    for (std::uint64_t i = 0; i < count; ++i)
        take(batch.hashes.emplace_back(hash_digits, '0').data(), hash_digits);
    for (const int dimension : dimensions) {
        std::vector<float>& matrix = batch.vectors.emplace_back(count * static_cast<std::size_t>(dimension));
        take(matrix.data(), matrix.size() * sizeof(float));
    }
    return batch;
}

std::vector<SkippedImage> gather_skipped(ProcessGroup& processes, const std::vector<SkippedImage>& own,
                                         std::span<const std::size_t> positions,
                                         std::span<const std::filesystem::path> files) {
    nlohmann::json list = nlohmann::json::array();
    for (const SkippedImage& image : own)
        list.push_back({{"file", positions[image.tag]}, {"reason", image.reason}});
    std::vector<SkippedImage> skipped;
    using Handler = nlohmann::json::error_handler_t;
    int from = 0;
    for (const std::string& text : processes.gather(list.dump(-1, ' ', false, Handler::replace))) {
        for (const nlohmann::json& item : nlohmann::json::parse(text)) {
            const auto file = item.at("file").get<std::size_t>();
            skipped.push_back({files[file], file, item.at("reason").get<std::string>()});
            // What the others skipped is named where the user looks, too.
            if (from > 0 && processes.is_first()) log_warning("skipped " + skipped.back().reason);
        }
        ++from;
    }
    return skipped;
}

}  // namespace

std::vector<SkippedImage> embed_together(ProcessGroup& processes, Embedder& embedder,
                                         std::span<const std::filesystem::path> files,
                                         const std::vector<Space>& spaces, const DataConfig& data,
                                         const RunOptions& run, const char* stopped,
                                         const std::function<void(const EmbeddedBatch&)>& take) {
    const auto ranks = static_cast<std::size_t>(processes.size()),
               rank = static_cast<std::size_t>(processes.rank());
    std::vector<std::size_t> positions;  // of this process's files
    std::vector<std::filesystem::path> own;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (i / batch_size % ranks != rank) continue;
        positions.push_back(i);
        own.push_back(files[i]);
    }
    std::vector<int> dimensions;
    for (const Space space : spaces) dimensions.push_back(embedder.dimension(space));

    EmbeddingStream stream(embedder, own, spaces, data, static_cast<int>(batch_size));
    Progress progress("embedding", "images", files.size(),
                      processes.is_first() ? run.progress : ProgressStyle::none);
    const std::size_t a_round = batch_size * ranks;
    for (std::size_t first = 0; first < files.size(); first += a_round) {
        EmbeddedBatch batch = stream.next().value_or(EmbeddedBatch{});
        for (std::size_t& file : batch.files) file = positions[file];
        if (ranks == 1) {
            take(batch);
        } else {
            int sender = 0;
            for (const std::string& bytes : processes.gather(pack(batch)))
                take(unpack(bytes, dimensions, files.size(), sender++));
        }
        progress.advance(std::min(a_round, files.size() - first));
        if (processes.any(run.stop.stop_requested())) throw Interrupted(stopped);
    }
    progress.finish();
    return gather_skipped(processes, stream.skipped(), positions, files);
}

}  // namespace clipsim
