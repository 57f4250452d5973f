#include <algorithm>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "formats.h"

namespace clipsim {

namespace {

using nlohmann::json;

constexpr std::uint64_t max_header_bytes = 100'000'000;  // the limit of the reference implementation

// Checks one tensor's header against the file and itself.
class EntryReader {
  public:
    EntryReader(const FileBytes& file, const std::string& name, std::span<std::byte> data)
        : file_(file), name_(name), data_(data) {}

    StoredTensor read(const json& header) const {
        if (!header.is_object()) refuse("its header is no object");
        StoredTensor tensor;
        tensor.keep = file_.keep;
        tensor.dtype = dtype(header);
        read_shape(header, tensor);
        const json offsets = header.value("data_offsets", json());
        if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
            !offsets[1].is_number_unsigned()) {
            refuse("data_offsets has to be two whole numbers");
        }
        const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
        if (begin > end || end > data_.size()) {
            refuse(concat("its bytes ", begin, " to ", end, " lie outside the ", data_.size(),
                          " bytes of data: the file is truncated or damaged"));
        }
        const std::uint64_t bytes = tensor.elements() * size_of(tensor.dtype);
        if (end - begin != bytes) {
            refuse(concat("it has ", end - begin, " bytes where its shape needs ", bytes));
        }
        tensor.bytes = data_.subspan(begin, bytes);
        return tensor;
    }

  private:
    [[noreturn]] void refuse(const std::string& reason) const {
        throw UsageError(concat(file_.name, ": tensor ", printable(name_), ": ", reason));
    }

    Dtype dtype(const json& header) const {
        const json name = header.value("dtype", json());
        for (const DtypeNames& known : dtype_names) {
            if (name == known.safetensors) return known.dtype;
        }
        refuse(concat("unknown dtype ", name.dump(-1, ' ', true, json::error_handler_t::replace)));
    }

    void read_shape(const json& header, StoredTensor& tensor) const {
        const json sizes = header.value("shape", json());
        if (!sizes.is_array() || sizes.size() > 16) refuse("shape has to be a list of whole numbers");
        for (const json& size : sizes) {
            if (!size.is_number_unsigned() || size > (std::uint64_t{1} << 40))
                refuse("shape has a size out of range");
            tensor.shape.push_back(size.get<std::int64_t>());
        }
        // Also where a size is 0: the others may not overflow.
        std::int64_t stride = 1, bytes = static_cast<std::int64_t>(size_of(tensor.dtype));
        tensor.strides.assign(tensor.shape.size(), 1);
        for (std::size_t i = tensor.shape.size(); i-- > 0;) {
            const std::int64_t size = std::max<std::int64_t>(tensor.shape[i], 1);
            tensor.strides[i] = stride;
            if (__builtin_mul_overflow(bytes, size, &bytes)) refuse("its shape is too large");
            stride *= size;
        }
    }

    const FileBytes& file_;
    const std::string& name_;
    std::span<std::byte> data_;
};

void check_no_overlap(const std::string& file, const std::map<std::string, StoredTensor>& tensors) {
    struct Range {
        const std::byte *begin, *end;
        const std::string* name;
    };
    std::vector<Range> ranges;
    for (const auto& [name, tensor] : tensors)
        ranges.push_back({tensor.bytes.data(), tensor.bytes.data() + tensor.bytes.size(), &name});
    std::ranges::sort(ranges, {}, [](const Range& range) { return std::pair(range.begin, range.end); });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        if (ranges[i].begin < ranges[i - 1].end) {
            throw UsageError(concat(file, ": tensors ", printable(*ranges[i - 1].name), " and ",
                                    printable(*ranges[i].name), " overlap: the file is damaged"));
        }
    }
}

// The header's JSON; its nesting is bounded, since recursion over it is not.
json parse_header(const std::string& file, std::string_view text) {
    const json::parser_callback_t bounded = [&](int depth, json::parse_event_t, json&) {
        if (depth > 8) throw UsageError(concat(file, ": the header is nested too deep: no safetensors file"));
        return true;
    };
    json header;
    try {
        header = json::parse(text.begin(), text.end(), bounded, true);
    } catch (const json::exception&) {
        throw UsageError(concat(file, ": the header is no JSON: no safetensors file, or a damaged one"));
    }
    if (!header.is_object())
        throw UsageError(concat(file, ": the header is no JSON object: no safetensors file"));
    return header;
}

}  // namespace

WeightsFile read_safetensors(const FileBytes& file) {
    if (file.bytes.size() < 8)
        throw UsageError(concat(file.name, ": no safetensors file: it is truncated or empty"));
    const auto header_bytes = number_at<std::uint64_t>(file.bytes, 0);
    if (header_bytes > max_header_bytes || header_bytes > file.bytes.size() - 8) {
        throw UsageError(concat(file.name, ": the header is said to have ", header_bytes,
                                " bytes, the file has ", file.bytes.size(),
                                ": no safetensors file, or a truncated one"));
    }
    const std::span<std::byte> data = file.bytes.subspan(8 + header_bytes);
    const json header = parse_header(file.name, file.text().substr(8, header_bytes));
    WeightsFile result;
    for (const auto& [name, value] : header.items()) {
        if (name != "__metadata__") {
            result.tensors.emplace(name, EntryReader(file, name, data).read(value));
            continue;
        }
        for (const auto& [key, text] : value.items()) {
            if (!text.is_string())
                throw UsageError(concat(file.name, ": metadata ", printable(key), " is no text"));
            result.metadata[key] = text.get<std::string>();
        }
    }
    check_no_overlap(file.name, result.tensors);
    return result;
}

}  // namespace clipsim
