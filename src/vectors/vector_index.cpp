#include "clipsim/vectors/vector_index.h"

#include <faiss/IndexIDMap.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <mutex>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "faiss_format/index_file_writer.h"
#include "faiss_format/mapped_index.h"
#include "search/row_search.h"

namespace clipsim {

namespace {

constexpr std::int64_t flat_limit = 50'000;

// What an index file holds: mapped where clipsim knows its kind, else in FAISS's own objects.
struct IndexFile {
    std::optional<MappedIndex> mapped;
    std::unique_ptr<faiss::Index> other;
};

// Throws Error that names the file.
IndexFile open_file(const std::filesystem::path& file, int dimension) {
    try {
        IndexFile index{open_mapped(file), nullptr};
        if (!index.mapped) index.other.reset(faiss::read_index(file.c_str()));
        const std::size_t held =
            index.mapped ? index.mapped->dimension : static_cast<std::size_t>(index.other->d);
        if (held != static_cast<std::size_t>(dimension))
            throw Error(concat("it holds vectors of ", held, " dimensions, not ", dimension));
        if (index.other && dynamic_cast<faiss::IndexIDMap2*>(index.other.get()) == nullptr)
            throw Error("not an index that clipsim wrote (no id map)");
        return index;
    } catch (const UsageError& error) {  // names the file itself
        throw Error(error.what());
    } catch (const Error& error) {
        throw Error(concat("cannot read ", printable(file), ": ", error.what()));
    } catch (const std::exception&) {  // FaissException, bad_alloc from a lying length
        throw Error(concat("cannot read ", printable(file), ": it is damaged, or no index of FAISS"));
    }
}

}  // namespace

struct VectorIndex::Impl {
    IndexFile file;              // what `rows` looks at: this,
    std::vector<float> vectors;  // or these
    std::unique_ptr<RowSearch> rows;
    UnalignedArray<std::int64_t> row_ids;
    std::size_t count = 0;
    std::size_t dimension = 0;
    std::once_flag ids_once;
    std::vector<std::int64_t> ids;  // of a file: where they are asked for as a whole

    Impl(IndexFile opened, const IndexParameters& config) : file(std::move(opened)) {
        if (file.other) {
            const auto& map = dynamic_cast<const faiss::IndexIDMap2&>(*file.other);
            rows = make_row_search(*map.index);
            row_ids = UnalignedArray<std::int64_t>(map.id_map.data());
            count = static_cast<std::size_t>(map.ntotal);
            dimension = static_cast<std::size_t>(map.d);
        } else {
            row_ids = file.mapped->ids;
            count = file.mapped->view.count;
            dimension = file.mapped->dimension;
            rows = make_row_search(std::move(file.mapped->view), config, std::move(file.mapped->bytes));
        }
    }

    Impl(std::size_t width, std::vector<std::int64_t> their_ids, std::vector<float> all)
        : vectors(std::move(all)),
          row_ids(their_ids.data()),
          count(their_ids.size()),
          dimension(width),
          ids(std::move(their_ids)) {
        IndexView view;
        view.count = count;
        view.rows = StoredRows(
            {reinterpret_cast<const std::uint8_t*>(vectors.data()), dimension, Storage::fp32}, count);
        rows = make_row_search(std::move(view), {});
    }

    std::size_t clamped(int k) const { return std::min(static_cast<std::size_t>(std::max(k, 0)), count); }
};

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;
VectorIndex::VectorIndex(VectorIndex&&) noexcept = default;
VectorIndex& VectorIndex::operator=(VectorIndex&&) noexcept = default;

std::string VectorIndex::write(const std::filesystem::path& file, const IndexParameters& config,
                               int dimension, const VectorBlocks& vectors, const ThreadPool& pool,
                               const std::stop_token& stop) {
    std::vector<std::int64_t> all_ids;
    std::vector<float> all;
    if (config.type == IndexType::ivf) {
        vectors([&](std::span<const std::int64_t> ids, std::span<const float> block) {
            all_ids.insert(all_ids.end(), ids.begin(), ids.end());
            all.insert(all.end(), block.begin(), block.end());
        });
    }
    if (!all_ids.empty()) return write_ivf_file(file, config, dimension, all_ids, all, stop);
    return write_index_file(file, config, dimension, vectors, pool, nullptr, stop);
}

std::string VectorIndex::write_extended(const std::filesystem::path& file, const std::filesystem::path& base,
                                        const IndexParameters& config, int dimension,
                                        std::span<const std::int64_t> ids, std::span<const float> vectors,
                                        const ThreadPool& pool, const std::stop_token& stop) {
    const IndexFile before = open_file(base, dimension);
    if (!before.mapped || before.mapped->view.lists) return write_extended_by_faiss(file, base, ids, vectors);
    const auto added = [&](const TakeVectors& take) { take(ids, vectors); };
    return write_index_file(file, config, dimension, added, pool, &*before.mapped, stop);
}

VectorIndex VectorIndex::open(const std::filesystem::path& file, const IndexParameters& config,
                              int dimension) {
    return VectorIndex(std::make_unique<Impl>(open_file(file, dimension), config));
}

VectorIndex VectorIndex::exact(int dimension, std::vector<std::int64_t> ids, std::vector<float> vectors) {
    return VectorIndex(
        std::make_unique<Impl>(static_cast<std::size_t>(dimension), std::move(ids), std::move(vectors)));
}

std::vector<Neighbour> VectorIndex::search(std::span<const float> query, int k, const RowFilter* filter,
                                           const ThreadPool& pool) const {
    const std::size_t wanted = impl_->clamped(k);
    if (wanted == 0) return {};
    std::vector<Neighbour> neighbours;
    for (const ScoredRow& row : impl_->rows->nearest(query, wanted, filter, pool)) {
        neighbours.push_back({impl_->row_ids[static_cast<std::size_t>(row.row)], row.score});
    }
    return neighbours;
}

NearestRows VectorIndex::search_rows(std::span<const float> queries, int k, const RowFilter* filter,
                                     const ThreadPool& pool) const {
    NearestRows nearest(queries.size() / impl_->dimension, static_cast<std::size_t>(k));
    const std::size_t wanted = impl_->clamped(k);
    if (wanted == 0) return nearest;
    impl_->rows->nearest_of_each(queries, impl_->dimension, wanted, pool, filter,
                                 [&](std::size_t q, std::span<const ScoredRow> found) {
                                     for (std::size_t i = 0; i < found.size(); ++i)
                                         nearest.set(q, i, found[i].row, found[i].score);
                                 });
    return nearest;
}

std::int64_t VectorIndex::size() const {
    return static_cast<std::int64_t>(impl_->count);
}

std::span<const std::int64_t> VectorIndex::ids() const {
    std::call_once(impl_->ids_once, [&] {
        if (!impl_->ids.empty()) return;  // in memory
        for (std::size_t row = 0; row < impl_->count; ++row) impl_->ids.push_back(impl_->row_ids[row]);
    });
    return impl_->ids;
}

void VectorIndex::set_search_parameters(const IndexParameters& config) {
    impl_->rows->set_parameters(config);
}

IndexParameters with_search_parameters(IndexParameters stored, const IndexParameters& wanted) {
    if (wanted.hnsw.ef_search) stored.hnsw.ef_search = wanted.hnsw.ef_search;
    if (wanted.ivf.nprobe) stored.ivf.nprobe = wanted.ivf.nprobe;
    return stored;
}

IndexParameters built_parameters(const IndexParameters& resolved) {
    IndexParameters built;
    built.type = resolved.type;
    built.storage = resolved.storage;
    if (built.type == IndexType::hnsw) built.hnsw = resolved.hnsw;
    if (built.type == IndexType::ivf) built.ivf = resolved.ivf;
    built.hnsw.ef_search.reset();
    built.ivf.nprobe.reset();
    return built;
}

IndexType resolve_index_type(IndexType type, std::int64_t vectors) {
    if (type != IndexType::automatic) return type;
    return vectors < flat_limit ? IndexType::flat : IndexType::hnsw;
}

}  // namespace clipsim
