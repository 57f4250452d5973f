#include "faiss_format/index_file_writer.h"

#include <faiss/impl/HNSW.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"
#include "faiss_format/checked_writer.h"
#include "graph/hnsw_builder.h"
#include "graph/hnsw_graph.h"
#include "rows/byte_rows.h"
#include "rows/kernels.h"
#include "rows/stored_rows.h"

namespace clipsim {

namespace {

// What the first pass learns.
struct Survey {
    std::vector<std::int64_t> ids;
    std::vector<float> minimum, maximum;  // of each dimension
    float largest = 0;                    // of what bytes are made of

    explicit Survey(std::size_t dimension)
        : minimum(dimension, std::numeric_limits<float>::max()),
          maximum(dimension, std::numeric_limits<float>::lowest()) {}

    void look_at(std::span<const std::int64_t> some, std::span<const float> vectors) {
        ids.insert(ids.end(), some.begin(), some.end());
        const std::size_t dimension = minimum.size();
        for (std::size_t first = 0; first < vectors.size(); first += dimension) {
            for (std::size_t i = 0; i < dimension; ++i) {
                minimum[i] = std::min(minimum[i], vectors[first + i]);
                maximum[i] = std::max(maximum[i], vectors[first + i]);
            }
        }
        largest = std::max(largest, ByteRows::largest_magnitude(vectors, dimension));
    }

    // What 8-bit codes are made with: the minimum of each dimension, then the range of each.
    std::vector<float> trained() const {
        std::vector<float> values(2 * minimum.size());
        for (std::size_t i = 0; i < minimum.size() && !ids.empty(); ++i) {
            values[i] = minimum[i];
            values[minimum.size() + i] = maximum[i] - minimum[i];
        }
        return values;
    }
};

// Vectors as they are stored.
class Encoder {
  public:
    Encoder(Storage storage, std::size_t dimension, std::vector<float> trained)
        : storage_(storage), dimension_(dimension), trained_(std::move(trained)) {}

    Storage storage() const { return storage_; }
    std::size_t row_bytes() const { return RowMemory{nullptr, dimension_, storage_}.row_bytes(); }
    const std::vector<float>& trained() const { return trained_; }

    std::span<const std::uint8_t> encode(std::span<const float> vectors) {
        if (storage_ == Storage::fp32)
            return {reinterpret_cast<const std::uint8_t*>(vectors.data()), vectors.size_bytes()};
        codes_.resize(vectors.size() / dimension_ * row_bytes());
        if (storage_ == Storage::fp16) {
            halves_.resize(vectors.size());
            to_half(vectors, halves_.data());
            std::memcpy(codes_.data(), halves_.data(), codes_.size());
            return codes_;
        }
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            const float minimum = trained_[i % dimension_], range = trained_[dimension_ + i % dimension_];
            const float share = range > 0 ? (vectors[i] - minimum) / range : 0;
            codes_[i] = static_cast<std::uint8_t>(std::clamp(share, 0.0F, 1.0F) * 255);
        }
        return codes_;
    }

    // What a reader makes of them.
    std::span<const float> decoded(std::span<const float> vectors) {
        if (storage_ != Storage::fp16) return vectors;
        const std::span<const std::uint8_t> codes = encode(vectors);
        decoded_.resize(vectors.size());
        from_half(codes.data(), decoded_);
        return decoded_;
    }

  private:
    Storage storage_;
    std::size_t dimension_;
    std::vector<float> trained_;  // of 8 bits
    std::vector<std::uint8_t> codes_;
    std::vector<std::uint16_t> halves_;
    std::vector<float> decoded_;
};

// FAISS's format (faiss/impl/index_write.cpp): numbers as they are in memory, arrays with their length first.
class Writer {
  public:
    explicit Writer(CheckedWriter& out) : out_(out) {}

    void bytes(const void* data, std::size_t size) {
        if (size > 0) out_(data, 1, size);
    }
    template <typename T>
    void put(T value) {
        bytes(&value, sizeof value);
    }
    template <typename T>
    void array(const std::vector<T>& values) {
        put<std::uint64_t>(values.size());
        bytes(values.data(), values.size() * sizeof(T));
    }
    void index(std::string_view kind, int dimension, std::size_t count) {
        bytes(kind.data(), kind.size());
        put<std::int32_t>(dimension);
        put<std::int64_t>(static_cast<std::int64_t>(count));
        put<std::int64_t>(1 << 20);  // unused
        put<std::int64_t>(1 << 20);
        put<std::uint8_t>(1);  // trained
        put<std::int32_t>(0);  // inner product
    }
    void graph(const faiss::HNSW& graph) {
        array(graph.assign_probas);
        array(graph.cum_nneighbor_per_level);
        array(graph.levels);
        put<std::uint64_t>(graph.offsets.size());
        bytes(graph.offsets.data(), graph.offsets.size() * sizeof graph.offsets[0]);
        put<std::uint64_t>(graph.neighbors.size());
        bytes(graph.neighbors.data(), graph.neighbors.size() * sizeof graph.neighbors[0]);
        put<std::int32_t>(graph.entry_point);
        put<std::int32_t>(graph.max_level);
        put<std::int32_t>(graph.efConstruction);
        put<std::int32_t>(graph.efSearch);
        put<std::int32_t>(1);  // unused
    }

  private:
    CheckedWriter& out_;
};

// The base's rows, then the new ones.
void write_rows(Writer& out, int dimension, std::size_t count, const MappedIndex* base, Encoder& encoder,
                const VectorBlocks& vectors) {
    const Storage storage = encoder.storage();
    out.index(storage == Storage::fp32 ? "IxFI" : "IxSQ", dimension, count);
    if (storage != Storage::fp32) {
        constexpr int eight_bit = 0, half = 4;  // QT_8bit, QT_fp16
        out.put<std::int32_t>(storage == Storage::int8 ? eight_bit : half);
        out.put<std::int32_t>(0);  // ranges are from the least to the largest
        out.put<float>(0);
        out.put<std::uint64_t>(static_cast<std::uint64_t>(dimension));
        out.put<std::uint64_t>(encoder.row_bytes());
        out.array(storage == Storage::int8 ? encoder.trained() : std::vector<float>{});
    }
    const std::size_t bytes = count * encoder.row_bytes();
    out.put<std::uint64_t>(storage == Storage::fp32 ? bytes / sizeof(float) : bytes);
    std::size_t written = 0;
    const auto write = [&](std::span<const std::uint8_t> codes) {
        out.bytes(codes.data(), codes.size());
        written += codes.size();
    };
    const std::size_t of_base = base != nullptr ? base->view.count * encoder.row_bytes() : 0;
    while (written < of_base) {
        constexpr std::size_t at_a_time = std::size_t{4} << 20;
        write({base->view.rows.memory().data + written, std::min(at_a_time, of_base - written)});
        base->file.let_go();
    }
    vectors(
        [&](std::span<const std::int64_t>, std::span<const float> block) { write(encoder.encode(block)); });
    if (written != bytes) throw Error("the vectors changed while the index was written");
}

// Room for all, with the base's rows in it.
ByteRows bytes_with_base(const MappedIndex* base, std::size_t count, std::size_t dimension, float largest) {
    if (base == nullptr) return {count, dimension, largest};
    if (base->bytes.has_scale_for(largest)) return base->bytes.with_room_for(count);
    return ByteRows(base->view.rows, count, largest);
}

// The base's graph, or an empty one.
faiss::HNSW graph_to_add_to(const MappedIndex* base, std::size_t more, const HnswConfig& config) {
    faiss::HNSW graph = base != nullptr ? copy_of(*base->view.graph, more) : faiss::HNSW(config.m);
    if (base != nullptr) base->file.let_go();
    graph.efConstruction = config.ef_construction;
    graph.efSearch = config.ef_search.value_or(HnswConfig::default_ef_search);
    return graph;
}

}  // namespace

std::string write_index_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, const ThreadPool& pool, const MappedIndex* base,
                             const std::stop_token& stop) {
    if (base != nullptr && base->view.count == 0) base = nullptr;  // nothing to continue
    const auto width = static_cast<std::size_t>(dimension);
    const std::size_t before = base != nullptr ? base->view.count : 0;
    Survey survey(width);
    vectors([&](auto ids, auto block) { survey.look_at(ids, block); });
    const std::size_t count = before + survey.ids.size();
    const auto type = resolve_index_type(config.type, static_cast<std::int64_t>(count));
    const bool hnsw = base != nullptr ? base->view.graph.has_value() : type == IndexType::hnsw;
    const Storage storage = base != nullptr ? base->view.rows.memory().storage : config.storage;
    Encoder encoder(storage, width, base != nullptr ? base->view.rows.trained() : survey.trained());

    ByteRows bytes;
    if (hnsw || storage != Storage::int8) {
        bytes = bytes_with_base(base, count, width, survey.largest);
        std::size_t first = before;
        vectors([&](auto ids, auto block) {
            if (first + ids.size() > count) throw Error("the vectors changed while the index was written");
            bytes.set(first, encoder.decoded(block));
            first += ids.size();
        });
        if (base != nullptr) base->file.let_go();
    }
    CheckedWriter target(file);
    Writer out(target);
    out.index("IxM2", dimension, count);
    if (hnsw) {
        faiss::HNSW graph = graph_to_add_to(base, survey.ids.size(), config.hnsw);
        add_to_hnsw(graph, bytes, before, config.hnsw.ef_construction, pool, stop);
        out.index(storage == Storage::fp32 ? "IHNf" : "IHNs", dimension, count);
        out.graph(graph);
    }
    write_rows(out, dimension, count, base, encoder, vectors);
    out.put<std::uint64_t>(count);
    if (base != nullptr) out.bytes(base->ids.at(0), before * sizeof(std::int64_t));
    out.bytes(survey.ids.data(), survey.ids.size() * sizeof(std::int64_t));
    // A graph over codes is walked with the codes where they are fit for it.
    if (storage != Storage::int8 || (hnsw && width % 64 != 0)) append_bytes(target, bytes);
    return target.finish();
}

}  // namespace clipsim
