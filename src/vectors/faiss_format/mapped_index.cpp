#include "faiss_format/mapped_index.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

constexpr std::size_t cache_line = 64;

// The end of a file with bytes.
struct Footer {
    static constexpr std::array<char, 16> our_magic{'c', 'l', 'i', 'p', 's', 'i', 'm', ' ',
                                                    'b', 'y', 't', 'e', 's', ' ', '1', '\n'};
    std::uint64_t start = 0;  // of the bytes in the file
    std::uint64_t size = 0;
    std::uint64_t dimension = 0;
    float scale = 0, largest_norm = 0, largest_error = 0;
    std::uint32_t rotated = 0;     // 0: as earlier versions made them
    std::uint64_t faiss_size = 0;  // what FAISS reads of the file
    std::array<char, 16> magic = our_magic;
};
static_assert(sizeof(Footer) == 64);

// A kind of index that we leave to FAISS.
struct UnknownKind {};

// Reads FAISS's format from front to back; arrays stay where they are.
class Reader {
  public:
    explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    const std::uint8_t* take_bytes(std::uint64_t count) {
        if (count > bytes_.size() - at_) throw Error("it is cut off");
        const std::uint8_t* start = bytes_.data() + at_;
        at_ += count;
        return start;
    }
    template <typename T>
    T take() {
        T value;
        std::memcpy(&value, take_bytes(sizeof(T)), sizeof(T));
        return value;
    }
    // An array with its length before it; `unit`: bytes of what the length counts.
    std::span<const std::uint8_t> take_array(std::size_t unit) {
        const auto count = take<std::uint64_t>();
        if (count > bytes_.size() / unit) throw Error("it is cut off");
        return {take_bytes(count * unit), count * unit};
    }
    std::string_view take_kind() { return {reinterpret_cast<const char*>(take_bytes(4)), 4}; }
    std::size_t position() const { return at_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t at_ = 0;
};

struct Header {
    std::size_t dimension = 0;
    std::size_t count = 0;
};

Header take_header(Reader& in) {
    Header header;
    header.dimension = static_cast<std::size_t>(in.take<std::int32_t>());
    header.count = in.take<std::uint64_t>();
    in.take_bytes(2 * 8 + 1);  // unused; whether it is trained
    constexpr int inner_product = 0;
    if (in.take<std::int32_t>() != inner_product) throw UnknownKind{};
    constexpr std::size_t most = std::size_t{1} << 31;
    if (header.dimension == 0 || header.dimension >= most || header.count >= most)
        throw Error("its header says what can't be");
    return header;
}

void expect(bool right) {
    if (!right) throw Error("its parts contradict each other");
}

// What FAISS writes of a scalar quantizer; the rows come later.
StoredRows take_format(Reader& in, std::size_t dimension) {
    constexpr int eight_bit = 0, half = 4;  // QT_8bit, QT_fp16
    const auto kind = in.take<std::int32_t>();
    in.take_bytes(4 + 4);  // how the range was found
    expect(in.take<std::uint64_t>() == dimension);
    in.take<std::uint64_t>();  // bytes per row
    const std::span<const std::uint8_t> trained = in.take_array(sizeof(float));
    if (kind == half) return StoredRows({nullptr, dimension, Storage::fp16}, 0);
    if (kind != eight_bit) throw UnknownKind{};
    std::vector<float> ranges(2 * dimension);
    expect(trained.empty() || trained.size() == ranges.size() * sizeof(float));  // empty: it holds nothing
    if (!trained.empty()) std::memcpy(ranges.data(), trained.data(), trained.size());
    return StoredRows({nullptr, dimension, Storage::int8}, 0, std::span(ranges).first(dimension),
                      std::span(ranges).last(dimension));
}

StoredRows take_rows(Reader& in) {
    const std::string_view kind = in.take_kind();
    if (kind != "IxFI" && kind != "IxSQ") throw UnknownKind{};
    const Header header = take_header(in);
    StoredRows format({nullptr, header.dimension, Storage::fp32}, 0);
    if (kind == "IxSQ") format = take_format(in, header.dimension);
    const std::span<const std::uint8_t> rows = in.take_array(kind == "IxFI" ? sizeof(float) : 1);
    expect(rows.size() == header.count * format.memory().row_bytes());
    return format.with(rows.data(), header.count);
}

GraphView take_graph(Reader& in) {
    constexpr std::size_t most_links = std::size_t{1} << 20;  // of a node, on all levels
    GraphView graph;
    const std::span<const std::uint8_t> shares = in.take_array(sizeof(double));
    graph.level_shares.resize(shares.size() / sizeof(double));
    if (!shares.empty()) std::memcpy(graph.level_shares.data(), shares.data(), shares.size());
    const std::span<const std::uint8_t> lists = in.take_array(sizeof(std::int32_t));
    for (std::size_t i = 0; i < lists.size() / 4; ++i)
        graph.lists.push_back(static_cast<std::size_t>(UnalignedArray<std::int32_t>(lists.data())[i]));
    const std::span<const std::uint8_t> levels = in.take_array(sizeof(std::int32_t));
    graph.nodes = levels.size() / 4;
    graph.levels = UnalignedArray<std::int32_t>(levels.data());
    const std::span<const std::uint8_t> offsets = in.take_array(sizeof(std::uint64_t));
    const std::span<const std::uint8_t> neighbours = in.take_array(sizeof(std::int32_t));
    graph.offsets = UnalignedArray<std::uint64_t>(offsets.data());
    graph.neighbours = UnalignedArray<std::int32_t>(neighbours.data());
    graph.links = neighbours.size() / 4;
    graph.entry_point = in.take<std::int32_t>();
    graph.max_level = in.take<std::int32_t>();
    in.take_bytes(3 * 4);  // efConstruction, efSearch, unused
    expect(offsets.size() / 8 == graph.nodes + 1 || graph.nodes == 0);
    expect(graph.nodes == 0 || graph.offsets[graph.nodes] == graph.links);
    expect(std::ranges::is_sorted(graph.lists) && (graph.lists.empty() || graph.lists.back() <= most_links));
    expect(graph.max_level < static_cast<int>(graph.lists.size()) - 1 || graph.nodes == 0);
    expect(graph.nodes == 0 || (graph.entry_point >= 0 && graph.max_level >= 0));
    expect(graph.entry_point < static_cast<std::int64_t>(graph.nodes));
    return graph;
}

InvertedLists take_lists(Reader& in, bool quantized, std::size_t dimension) {
    InvertedLists inverted;
    const auto count = in.take<std::uint64_t>();
    in.take<std::uint64_t>();  // nprobe
    inverted.centroids = take_rows(in);
    if (in.take<std::int8_t>() != 0) throw UnknownKind{};  // a map of ids that we do not write
    in.take_array(sizeof(std::int64_t));
    inverted.format = StoredRows({nullptr, dimension, Storage::fp32}, 0);
    if (quantized) {
        inverted.format = take_format(in, dimension);
        in.take<std::uint64_t>();  // bytes per row
        inverted.of_residuals = in.take<std::uint8_t>() != 0;
    }
    if (in.take_kind() != "ilar") throw UnknownKind{};
    expect(in.take<std::uint64_t>() == count && inverted.centroids.size() == count);
    const std::size_t row_bytes = inverted.format.memory().row_bytes();
    expect(in.take<std::uint64_t>() == row_bytes);
    if (count > std::size_t{1} << 31) throw Error("its header says what can't be");
    std::vector<std::uint64_t> sizes(count);
    const bool sparse = in.take_kind() == "sprs";  // (list, size) of those that are not empty
    const std::span<const std::uint8_t> stored = in.take_array(sizeof(std::uint64_t));
    const UnalignedArray<std::uint64_t> numbers(stored.data());
    expect(sparse || stored.size() == count * 8);
    for (std::size_t i = 0; i < stored.size() / 8; i += sparse ? 2 : 1) {
        expect(!sparse || (numbers[i] < count && i + 1 < stored.size() / 8));
        sizes[sparse ? numbers[i] : i] = numbers[sparse ? i + 1 : i];
    }
    for (const std::uint64_t size : sizes) {
        if (size >= std::uint64_t{1} << 31) throw Error("its header says what can't be");
        InvertedLists::List& list = inverted.lists.emplace_back();
        list.size = size;
        list.codes = in.take_bytes(size * row_bytes);
        list.rows = UnalignedArray<std::int64_t>(in.take_bytes(size * 8));
    }
    return inverted;
}

IndexView take_index(Reader& in) {
    IndexView view;
    Reader ahead = in;
    const std::string_view kind = ahead.take_kind();
    if (kind == "IHNf" || kind == "IHNs") {
        in = ahead;
        view.count = take_header(in).count;
        view.graph = take_graph(in);
        view.rows = take_rows(in);
        expect(view.graph->nodes == view.count && view.rows.size() == view.count);
    } else if (kind == "IwFl" || kind == "IwSq") {
        in = ahead;
        const Header header = take_header(in);
        view.count = header.count;
        view.lists = take_lists(in, kind == "IwSq", header.dimension);
    } else {
        view.rows = take_rows(in);
        view.count = view.rows.size();
    }
    return view;
}

ByteRows bytes_behind(std::span<const std::uint8_t> file, std::size_t faiss_size, std::size_t count,
                      std::size_t dimension) {
    if (file.size() == faiss_size) return {};
    Footer footer;
    if (file.size() - faiss_size < sizeof footer) throw Error("it is cut off");
    std::memcpy(&footer, file.data() + file.size() - sizeof footer, sizeof footer);
    const std::size_t stride = (dimension + cache_line - 1) / cache_line * cache_line;
    if (footer.magic != Footer::our_magic) throw Error("it is cut off");
    expect(footer.faiss_size == faiss_size && footer.dimension == dimension &&
           footer.size == count * stride && footer.start >= faiss_size && footer.start % cache_line == 0 &&
           footer.start + footer.size + sizeof footer == file.size());
    return ByteRows::over(file.subspan(footer.start, footer.size), dimension, footer.scale,
                          footer.largest_norm, footer.largest_error, footer.rotated != 0);
}

}  // namespace

std::optional<MappedIndex> open_mapped(const std::filesystem::path& path) {
    MappedFile file(path, MappedFile::Kind::shared);
    const std::span<const std::uint8_t> content(reinterpret_cast<const std::uint8_t*>(file.bytes().data()),
                                                file.bytes().size());
    Reader in(content);
    try {
        if (in.take_kind() != "IxM2") return std::nullopt;
        const Header header = take_header(in);
        IndexView view = take_index(in);
        const std::span<const std::uint8_t> ids = in.take_array(sizeof(std::int64_t));
        expect(view.count == header.count && ids.size() == header.count * 8);
        expect(view.lists ? view.lists->format.dimension() == header.dimension
                          : view.rows.dimension() == header.dimension);
        ByteRows bytes = bytes_behind(content, in.position(), view.count, header.dimension);
        return MappedIndex{std::move(file), std::move(view), UnalignedArray<std::int64_t>(ids.data()),
                           header.dimension, std::move(bytes)};
    } catch (const UnknownKind&) {
        return std::nullopt;
    }
}

void append_bytes(CheckedWriter& out, const ByteRows& bytes) {
    if (bytes.size() == 0 || bytes.of_codes()) return;
    Footer footer;
    footer.faiss_size = out.size();
    footer.start = (footer.faiss_size + cache_line - 1) / cache_line * cache_line;
    footer.size = bytes.bytes().size();
    footer.dimension = bytes.dimension();
    footer.scale = bytes.scale();
    footer.largest_norm = bytes.largest_norm();
    footer.largest_error = bytes.largest_error();
    footer.rotated = bytes.rotated() ? 1 : 0;
    const std::array<char, cache_line> padding{};
    out(padding.data(), 1, footer.start - footer.faiss_size);
    out(bytes.bytes().data(), 1, footer.size);
    out(&footer, sizeof footer, 1);
}

}  // namespace clipsim
