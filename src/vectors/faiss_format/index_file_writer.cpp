#include "faiss_format/index_file_writer.h"

#include <faiss/impl/HNSW.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/core/parallel.h"
#include "faiss_format/checked_writer.h"
#include "faiss_format/mapped_index.h"
#include "graph/hnsw_builder.h"
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
};

// Vectors as they are stored.
class Encoder {
  public:
    Encoder(Storage storage, const Survey& survey)
        : storage_(storage), minimum_(survey.minimum), range_(survey.maximum) {
        for (std::size_t i = 0; i < range_.size(); ++i) {
            if (survey.ids.empty()) minimum_[i] = range_[i] = 0;
            range_[i] -= minimum_[i];
        }
    }

    std::size_t row_bytes() const { return RowMemory{nullptr, minimum_.size(), storage_}.row_bytes(); }

    std::span<const std::uint8_t> encode(std::span<const float> vectors) {
        const std::size_t dimension = minimum_.size();
        if (storage_ == Storage::fp32)
            return {reinterpret_cast<const std::uint8_t*>(vectors.data()), vectors.size_bytes()};
        codes_.resize(vectors.size() / dimension * row_bytes());
        if (storage_ == Storage::fp16) {
            halves_.resize(vectors.size());
            to_half(vectors, halves_.data());
            std::memcpy(codes_.data(), halves_.data(), codes_.size());
            return codes_;
        }
        for (std::size_t i = 0; i < vectors.size(); ++i) {
            const std::size_t at = i % dimension;
            const float share = range_[at] > 0 ? (vectors[i] - minimum_[at]) / range_[at] : 0;
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

    std::vector<float> trained() const {
        std::vector<float> values;
        if (storage_ != Storage::int8) return values;
        values.insert(values.end(), minimum_.begin(), minimum_.end());
        values.insert(values.end(), range_.begin(), range_.end());
        return values;
    }

  private:
    Storage storage_;
    std::vector<float> minimum_, range_;
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

void write_rows(Writer& out, Storage storage, int dimension, const Survey& survey, Encoder& encoder,
                const VectorBlocks& vectors) {
    const std::size_t count = survey.ids.size();
    out.index(storage == Storage::fp32 ? "IxFI" : "IxSQ", dimension, count);
    if (storage != Storage::fp32) {
        constexpr int eight_bit = 0, half = 4;  // QT_8bit, QT_fp16
        out.put<std::int32_t>(storage == Storage::int8 ? eight_bit : half);
        out.put<std::int32_t>(0);  // ranges are from the least to the largest
        out.put<float>(0);
        out.put<std::uint64_t>(static_cast<std::uint64_t>(dimension));
        out.put<std::uint64_t>(encoder.row_bytes());
        out.array(encoder.trained());
    }
    const std::size_t bytes = count * encoder.row_bytes();
    out.put<std::uint64_t>(storage == Storage::fp32 ? bytes / sizeof(float) : bytes);
    std::size_t written = 0;
    vectors([&](std::span<const std::int64_t>, std::span<const float> block) {
        const std::span<const std::uint8_t> codes = encoder.encode(block);
        out.bytes(codes.data(), codes.size());
        written += codes.size();
    });
    if (written != bytes) throw Error("the vectors changed while the index was written");
}

}  // namespace

std::string write_index_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, int threads) {
    const auto width = static_cast<std::size_t>(dimension);
    Survey survey;
    survey.minimum.assign(width, std::numeric_limits<float>::max());
    survey.maximum.assign(width, std::numeric_limits<float>::lowest());
    vectors([&](auto ids, auto block) { survey.look_at(ids, block); });
    Encoder encoder(config.storage, survey);

    const bool hnsw = config.type == IndexType::hnsw;
    const std::size_t count = survey.ids.size();
    ByteRows bytes;
    if (hnsw || config.storage != Storage::int8) {
        bytes = ByteRows(count, width, survey.largest);
        std::size_t first = 0;
        vectors([&](auto ids, auto block) {
            if (first + ids.size() > count) throw Error("the vectors changed while the index was written");
            bytes.set(first, encoder.decoded(block));
            first += ids.size();
        });
    }
    CheckedWriter target(file);
    Writer out(target);
    out.index("IxM2", dimension, count);
    if (hnsw) {
        faiss::HNSW graph(config.hnsw.m);
        graph.efConstruction = config.hnsw.ef_construction;
        graph.efSearch = config.hnsw.ef_search.value_or(HnswConfig::default_ef_search);
        add_to_hnsw(graph, bytes, 0, config.hnsw.ef_construction, thread_count(threads));
        out.index(config.storage == Storage::fp32 ? "IHNf" : "IHNs", dimension, count);
        out.graph(graph);
    }
    write_rows(out, config.storage, dimension, survey, encoder, vectors);
    out.array(survey.ids);
    // A graph over codes is walked with the codes where they are fit for it.
    if (config.storage != Storage::int8 || (hnsw && width % 64 != 0)) append_bytes(target, bytes);
    return target.finish();
}

}  // namespace clipsim
