#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "faiss_format/checked_writer.h"
#include "faiss_format/index_file_writer.h"

namespace clipsim {

namespace {

constexpr auto metric = faiss::METRIC_INNER_PRODUCT;

constexpr std::int64_t points_per_list =
    39;  // below it, FAISS warns that k-means has too little to learn from

faiss::ScalarQuantizer::QuantizerType quantizer_of(Storage storage) {
    return storage == Storage::fp16 ? faiss::ScalarQuantizer::QT_fp16 : faiss::ScalarQuantizer::QT_8bit;
}

std::unique_ptr<faiss::Index> make_ivf(const IndexParameters& config, int dimension, std::int64_t vectors) {
    const auto usual = static_cast<std::int64_t>(4 * std::sqrt(static_cast<double>(vectors)));
    const std::int64_t most = std::max<std::int64_t>(1, vectors / points_per_list);
    const std::int64_t lists = config.ivf.nlist > 0 ? std::min<std::int64_t>(config.ivf.nlist, vectors)
                                                    : std::clamp<std::int64_t>(usual, 1, most);
    auto centroids = std::make_unique<faiss::IndexFlat>(dimension, metric);
    const auto count = static_cast<std::size_t>(lists);
    const auto width = static_cast<std::size_t>(dimension);
    std::unique_ptr<faiss::IndexIVF> index;
    if (config.storage == Storage::fp32) {
        index = std::make_unique<faiss::IndexIVFFlat>(centroids.get(), width, count, metric);
    } else {
        index = std::make_unique<faiss::IndexIVFScalarQuantizer>(centroids.get(), width, count,
                                                                 quantizer_of(config.storage), metric);
    }
    index->cp.min_points_per_centroid = 1;  // the user's nlist is the user's choice
    static_cast<void>(centroids.release());
    index->own_fields = true;
    index->nprobe = static_cast<std::size_t>(config.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    return index;
}

// FAISS asks one object of its own whether to go on with k-means.
class Interruptible {
  public:
    explicit Interruptible(const std::stop_token& stop) {
        if (stop.stop_possible()) faiss::InterruptCallback::instance = std::make_unique<Asked>(stop);
    }
    ~Interruptible() { faiss::InterruptCallback::clear_instance(); }
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;

  private:
    struct Asked final : faiss::InterruptCallback {
        explicit Asked(std::stop_token token) : stop(std::move(token)) {}
        bool want_interrupt() override { return stop.stop_requested(); }
        std::stop_token stop;
    };
};

std::string write(const std::filesystem::path& file, const faiss::Index& index) {
    CheckedWriter writer(file);
    faiss::write_index(&index, &writer);
    return writer.finish();
}

}  // namespace

std::string write_ivf_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                           std::span<const std::int64_t> ids, std::span<const float> vectors,
                           const std::stop_token& stop) {
    const Interruptible interruptible(stop);
    try {
        const auto count = static_cast<std::int64_t>(ids.size());
        const std::unique_ptr<faiss::Index> index = make_ivf(config, dimension, count);
        index->train(count, vectors.data());
        faiss::IndexIDMap2 map(index.get());
        map.add_with_ids(count, vectors.data(), ids.data());
        return write(file, map);
    } catch (const faiss::FaissException&) {
        throw_if_stopped(stop, "the index was not finished; the vectors are kept");
        throw Error("FAISS could not build the index; index.type hnsw or flat is built without it");
    }
}

std::string write_extended_by_faiss(const std::filesystem::path& file, const std::filesystem::path& base,
                                    std::span<const std::int64_t> ids, std::span<const float> vectors) {
    try {
        const std::unique_ptr<faiss::Index> index(faiss::read_index(base.c_str()));
        index->add_with_ids(static_cast<std::int64_t>(ids.size()), vectors.data(), ids.data());
        return write(file, *index);
    } catch (const faiss::FaissException&) {
        throw Error(
            concat("vectors could not be added to ", printable(base), ": FAISS can't read or write it"));
    }
}

}  // namespace clipsim
