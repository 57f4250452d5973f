#include "clipsim/vectors/vector_index.h"

#include <faiss/impl/FaissException.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/text.h"
#include "faiss_format/checked_writer.h"
#include "faiss_format/faiss_indexes.h"
#include "faiss_format/index_file_writer.h"
#include "faiss_format/mapped_index.h"
#include "search/row_search.h"

namespace clipsim {

namespace {

constexpr std::int64_t flat_limit = 50'000;

// What FAISS reads an index from that is in memory.
class MemoryReader : public faiss::IOReader {
  public:
    explicit MemoryReader(std::span<const std::byte> bytes) : left_(bytes) {}
    size_t operator()(void* data, size_t size, size_t count) override {
        if (size == 0) return 0;
        const size_t whole = std::min(count, left_.size() / size);
        if (whole > 0) std::memcpy(data, left_.data(), whole * size);
        left_ = left_.subspan(whole * size);
        return whole;
    }

  private:
    std::span<const std::byte> left_;
};

}  // namespace

// Over FAISS's objects where it was built here or is of a kind that we leave to FAISS; over a mapped file
// otherwise.
struct VectorIndex::Impl {
    std::unique_ptr<faiss::Index> built;  // an IndexIDMap2
    std::optional<MappedIndex> mapped;
    std::unique_ptr<RowSearch> rows;
    UnalignedArray<std::int64_t> row_ids;
    std::size_t count = 0;
    std::size_t dimension = 0;
    std::once_flag ids_once;
    std::vector<std::int64_t> ids;  // a mapped file's, where they are asked for as a whole

    Impl(std::unique_ptr<faiss::Index> index, const IndexParameters& config) : built(std::move(index)) {
        const auto* map = dynamic_cast<faiss::IndexIDMap2*>(built.get());
        if (map == nullptr) throw Error("not an index that clipsim wrote (no id map)");
        rows = make_row_search(*map->index, config);
        row_ids = UnalignedArray<std::int64_t>(map->id_map.data());
        count = static_cast<std::size_t>(map->ntotal);
        dimension = static_cast<std::size_t>(map->d);
    }

    Impl(MappedIndex index, const IndexParameters& config) : mapped(std::move(index)) {
        row_ids = mapped->ids;
        count = mapped->view.count;
        dimension = mapped->dimension;
        rows = make_row_search(std::move(mapped->view), config, std::move(mapped->bytes));
    }

    std::size_t clamped(int k) const { return std::min(static_cast<std::size_t>(std::max(k, 0)), count); }
};

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;
VectorIndex::VectorIndex(VectorIndex&&) noexcept = default;
VectorIndex& VectorIndex::operator=(VectorIndex&&) noexcept = default;

VectorIndex VectorIndex::build(const IndexParameters& config, int dimension,
                               std::span<const std::int64_t> ids, std::span<const float> vectors,
                               int threads) {
    try {
        return VectorIndex(
            std::make_unique<Impl>(build_faiss_index(config, dimension, ids, vectors, threads), config));
    } catch (const faiss::FaissException& error) {
        throw Error(concat("the index could not be built: ", error.what()));
    }
}

std::string VectorIndex::write(const std::filesystem::path& file, const IndexParameters& config,
                               int dimension, const VectorBlocks& vectors, int threads) {
    if (config.type == IndexType::flat || config.type == IndexType::hnsw)
        return write_index_file(file, config, dimension, vectors, threads);
    std::vector<std::int64_t> all_ids;
    std::vector<float> all;
    vectors([&](std::span<const std::int64_t> ids, std::span<const float> block) {
        all_ids.insert(all_ids.end(), ids.begin(), ids.end());
        all.insert(all.end(), block.begin(), block.end());
    });
    return build(config, dimension, all_ids, all, threads).write(file);
}

VectorIndex VectorIndex::open(const std::filesystem::path& file, const IndexParameters& config,
                              int dimension) {
    try {
        const auto check = [&](std::size_t held) {
            if (held != static_cast<std::size_t>(dimension))
                throw Error(concat("it holds vectors of ", held, " dimensions, not ", dimension));
        };
        if (std::optional<MappedIndex> mapped = open_mapped(file)) {
            check(mapped->dimension);
            return VectorIndex(std::make_unique<Impl>(std::move(*mapped), config));
        }
        std::unique_ptr<faiss::Index> index(faiss::read_index(file.c_str()));
        check(static_cast<std::size_t>(index->d));
        return VectorIndex(std::make_unique<Impl>(std::move(index), config));
    } catch (const UsageError& error) {  // names the file itself
        throw Error(error.what());
    } catch (const std::exception& error) {  // FaissException, bad_alloc from a lying length, ours
        throw Error(concat("cannot read ", printable(file), ": ", error.what()));
    }
}

std::string VectorIndex::write(const std::filesystem::path& file) const {
    try {
        CheckedWriter writer(file);
        if (impl_->mapped) {
            const std::span<const std::byte> bytes = impl_->mapped->file.bytes();
            writer(bytes.data(), 1, bytes.size());
        } else {
            faiss::write_index(impl_->built.get(), &writer);
            if (const ByteRows* bytes = impl_->rows->bytes()) append_bytes(writer, *bytes);
        }
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

void VectorIndex::add(const IndexParameters& config, std::span<const std::int64_t> ids,
                      std::span<const float> vectors, int threads) {
    try {
        std::unique_ptr<faiss::Index> index = std::move(impl_->built);
        if (impl_->mapped) {
            MemoryReader reader(impl_->mapped->file.bytes());
            index.reset(faiss::read_index(&reader));
        }
        impl_.reset();  // its searches look at the index that is about to change
        auto* map = dynamic_cast<faiss::IndexIDMap2*>(index.get());
        if (map == nullptr) throw Error("vectors could not be added to the index: it has no id map");
        add_to_faiss_index(*map, config, ids, vectors, threads);
        impl_ = std::make_unique<Impl>(std::move(index), config);
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
        neighbours.push_back({impl_->row_ids[static_cast<std::size_t>(row.row)], row.score});
    }
    return neighbours;
}

std::vector<std::int64_t> VectorIndex::search_rows(std::span<const float> queries, int k, int threads,
                                                   const RowFilter* filter) const {
    const auto dimension = impl_->dimension;
    const std::size_t count = queries.size() / dimension, width = static_cast<std::size_t>(k);
    const std::size_t wanted = impl_->clamped(k);
    std::vector<std::int64_t> rows(count * width, -1);
    if (wanted == 0) return rows;
    impl_->rows->nearest_of_each(queries, dimension, wanted, thread_count(threads), filter,
                                 [&](std::size_t q, std::span<const ScoredRow> found) {
                                     std::ranges::transform(found, rows.data() + q * width, &ScoredRow::row);
                                 });
    return rows;
}

std::int64_t VectorIndex::size() const {
    return static_cast<std::int64_t>(impl_->count);
}

std::span<const std::int64_t> VectorIndex::ids() const {
    std::call_once(impl_->ids_once, [&] {
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
