#include "clipsim/index/vector_index.h"

#include <faiss/impl/FaissException.h>
#include <faiss/index_io.h>

#include <algorithm>

#include "checked_writer.h"
#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "faiss_indexes.h"
#include "parallel.h"
#include "row_search.h"

namespace clipsim {

namespace {

constexpr std::int64_t flat_limit = 50'000;

}  // namespace

struct VectorIndex::Impl {
    std::unique_ptr<faiss::Index> index;  // an IndexIDMap2, what is written to the file
    faiss::IndexIDMap2* map = nullptr;
    std::unique_ptr<RowSearch> rows;

    Impl(std::unique_ptr<faiss::Index> read, const IndexConfig& config) : index(std::move(read)) {
        map = dynamic_cast<faiss::IndexIDMap2*>(index.get());
        if (map == nullptr) throw Error("not an index that clipsim wrote (no id map)");
        rows = make_row_search(*map->index, config);
    }

    std::size_t clamped(int k) const {
        return static_cast<std::size_t>(std::clamp<std::int64_t>(k, 0, map->ntotal));
    }
};

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;
VectorIndex::VectorIndex(VectorIndex&&) noexcept = default;
VectorIndex& VectorIndex::operator=(VectorIndex&&) noexcept = default;

VectorIndex VectorIndex::build(const IndexConfig& config, int dimension, std::span<const std::int64_t> ids,
                               std::span<const float> vectors, int threads) {
    try {
        return VectorIndex(
            std::make_unique<Impl>(build_faiss_index(config, dimension, ids, vectors, threads), config));
    } catch (const faiss::FaissException& error) {
        throw Error(concat("the index could not be built: ", error.what()));
    }
}

VectorIndex VectorIndex::open(const std::filesystem::path& file, const IndexConfig& config, int dimension) {
    try {
        std::unique_ptr<faiss::Index> index(faiss::read_index(file.c_str()));
        if (index->d != dimension) {
            throw Error(concat("it holds vectors of ", index->d, " dimensions, not ", dimension));
        }
        return VectorIndex(std::make_unique<Impl>(std::move(index), config));
    } catch (const std::exception& error) {  // FaissException, bad_alloc from a lying length, ours
        throw Error(concat("cannot read ", printable(file), ": ", error.what()));
    }
}

std::string VectorIndex::write(const std::filesystem::path& file) const {
    try {
        CheckedWriter writer(file);
        faiss::write_index(impl_->index.get(), &writer);
        return writer.finish();
    } catch (const faiss::FaissException& error) {
        throw Error(concat("cannot write ", printable(file), ": ", error.what()));
    }
}

std::string VectorIndex::save(const std::filesystem::path& file) const {
    AtomicFile target(file);
    std::string hash = write(target.temporary_path());
    target.commit();
    return hash;
}

void VectorIndex::add(const IndexConfig& config, std::span<const std::int64_t> ids,
                      std::span<const float> vectors, int threads) {
    try {
        impl_->rows.reset();  // it looks at the index that is about to change
        add_to_faiss_index(*impl_->map, config, ids, vectors, threads);
        impl_->rows = make_row_search(*impl_->map->index, config);
    } catch (const faiss::FaissException& error) {
        throw Error(concat("vectors could not be added to the index: ", error.what()));
    }
}

std::vector<Neighbour> VectorIndex::search(std::span<const float> query, int k,
                                           const RowFilter* filter) const {
    const std::size_t wanted = impl_->clamped(k);
    if (wanted == 0) return {};
    std::vector<Neighbour> neighbours;
    for (const ScoredRow& row : impl_->rows->nearest(query, wanted, filter)) {
        neighbours.push_back({impl_->map->id_map[static_cast<std::size_t>(row.row)], row.score});
    }
    return neighbours;
}

std::vector<std::int64_t> VectorIndex::search_rows(std::span<const float> queries, int k, int threads,
                                                   const RowFilter* filter) const {
    const auto dimension = static_cast<std::size_t>(impl_->index->d);
    const std::size_t count = queries.size() / dimension, width = static_cast<std::size_t>(k);
    const std::size_t wanted = impl_->clamped(k);
    std::vector<std::int64_t> rows(count * width, -1);
    if (wanted == 0) return rows;
    constexpr std::size_t piece = 8;  // queries that a thread takes at a time
    parallel_for(count, thread_count(threads), piece, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            std::int64_t* target = rows.data() + q * width;
            for (const ScoredRow& row :
                 impl_->rows->nearest(queries.subspan(q * dimension, dimension), wanted, filter))
                *target++ = row.row;
        }
    });
    return rows;
}

std::int64_t VectorIndex::size() const {
    return impl_->map->ntotal;
}

std::span<const std::int64_t> VectorIndex::ids() const {
    return impl_->map->id_map;
}

void VectorIndex::set_search_parameters(const IndexConfig& config) {
    impl_->rows->set_parameters(config);
}

IndexConfig with_search_parameters(IndexConfig stored, const IndexConfig& wanted) {
    if (wanted.hnsw.ef_search) stored.hnsw.ef_search = wanted.hnsw.ef_search;
    if (wanted.ivf.nprobe) stored.ivf.nprobe = wanted.ivf.nprobe;
    return stored;
}

IndexType resolve_index_type(IndexType type, std::int64_t vectors) {
    if (type != IndexType::automatic) return type;
    return vectors < flat_limit ? IndexType::flat : IndexType::hnsw;
}

}  // namespace clipsim
