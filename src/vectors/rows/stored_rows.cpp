#include "rows/stored_rows.h"

#include <cstring>

namespace clipsim {

StoredRows::StoredRows(const RowMemory& memory, std::size_t count, std::span<const float> minimum,
                       std::span<const float> range)
    : memory_(memory), count_(count), base_(minimum.begin(), minimum.end()), trained_(base_) {
    trained_.insert(trained_.end(), range.begin(), range.end());
    for (std::size_t i = 0; i < range.size(); ++i) {
        step_.push_back(range[i] / 255);
        base_[i] += range[i] * (0.5F / 255);
    }
}

RowQuery StoredRows::prepare(std::span<const float> query) const {
    RowQuery prepared{{query.begin(), query.end()}, 0};
    if (memory_.storage != Storage::int8) return prepared;
    double bias = 0;
    for (std::size_t i = 0; i < query.size(); ++i) {
        bias += static_cast<double>(query[i]) * static_cast<double>(base_[i]);
        prepared.weights[i] *= step_[i];
    }
    prepared.bias = static_cast<float>(bias);
    return prepared;
}

void StoredRows::scores(const RowQuery& query, std::size_t first, std::span<float> out) const {
    inner_products(query.weights, memory_, first, out);
    if (query.bias == 0) return;
    for (float& score : out) score += query.bias;
}

void StoredRows::scores_at(const RowQuery& query, std::span<const std::int32_t> ids, float* out) const {
    inner_products_at(query.weights, memory_, ids, out);
    if (query.bias == 0) return;
    for (std::size_t i = 0; i < ids.size(); ++i) out[i] += query.bias;
}

void StoredRows::decode(std::size_t first, std::span<float> out) const {
    const std::uint8_t* from = memory_.data + first * memory_.row_bytes();
    switch (memory_.storage) {
        case Storage::fp32:
            std::memcpy(out.data(), from, out.size_bytes());
            return;
        case Storage::fp16:
            from_half(from, out);
            return;
        case Storage::int8:
            for (std::size_t i = 0; i < out.size(); ++i) {
                const std::size_t at = i % memory_.dimension;
                out[i] = base_[at] + step_[at] * static_cast<float>(from[i]);
            }
            return;
    }
}

StoredRows StoredRows::with(const std::uint8_t* data, std::size_t count) const {
    StoredRows other = *this;
    other.memory_.data = data;
    other.count_ = count;
    return other;
}

}  // namespace clipsim
