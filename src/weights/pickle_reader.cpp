#include "pickle_reader.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "file_bytes.h"

namespace clipsim {

namespace {

constexpr std::size_t max_bytes = 16 << 20;  // a large model's state dict has a few hundred KB
constexpr std::size_t max_values = 1'000'000;
constexpr std::size_t max_global_size = 1000;
constexpr std::uint32_t mark = 0xFFFFFFFF;  // on the stack, where no value is

// All that state dicts and TorchScript modules name, besides the classes of the latter.
constexpr std::array<std::string_view, 20> known_globals{
    "collections OrderedDict",
    "torch Size",
    "torch device",
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_parameter",
    "torch.jit._pickle build_boollist",
    "torch.jit._pickle build_doublelist",
    "torch.jit._pickle build_intlist",
    "torch.jit._pickle build_tensorlist",
    "torch.jit._pickle restore_type_tag",
    "torch BFloat16Storage",
    "torch BoolStorage",
    "torch ByteStorage",
    "torch CharStorage",
    "torch DoubleStorage",
    "torch FloatStorage",
    "torch HalfStorage",
    "torch IntStorage",
    "torch LongStorage",
    "torch ShortStorage",
};
constexpr std::string_view torchscript_classes = "__torch__";

}  // namespace

class PickleMachine {
  public:
    PickleMachine(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

    Pickle run() {
        if (bytes_.size() > max_bytes)
            refuse(concat("a pickle of ", bytes_.size(), " bytes; a state dict's is far smaller"));
        while (true) {
            const std::uint8_t opcode = number<std::uint8_t>();
            if (opcode == '.') break;
            const auto known = std::ranges::find(opcodes(), opcode, &Opcode::code);
            if (known == opcodes().end())
                refuse(concat("the opcode ", static_cast<int>(opcode), ", which no state dict has"));
            known->run(*this);
        }
        result_.root_ = pop();
        return std::move(result_);
    }

  private:
    using Kind = PickleValue::Kind;
    using Items = std::vector<std::uint32_t>;

    [[noreturn]] void refuse(const std::string& reason) const {
        throw UsageError(concat(name_, ": ", reason, ": damaged, or no file of weights"));
    }

    struct Opcode {
        std::uint8_t code;
        void (*run)(PickleMachine& machine);
    };
    using Machine = PickleMachine;

    // Those that state dicts and TorchScript modules are made of.
    static std::span<const Opcode> opcodes() {
        static constexpr Opcode table[] = {
            {0x80, [](Machine& m) { m.take(1); }},                                 // PROTO
            {0x95, [](Machine& m) { m.take(8); }},                                 // FRAME
            {'N', [](Machine& m) { m.push(Kind::none); }},                         // NONE
            {0x88, [](Machine& m) { m.push(Kind::boolean).integer = 1; }},         // NEWTRUE
            {0x89, [](Machine& m) { m.push(Kind::boolean); }},                     // NEWFALSE
            {'J', [](Machine& m) { m.push_integer(m.number<std::int32_t>()); }},   // BININT
            {'K', [](Machine& m) { m.push_integer(m.number<std::uint8_t>()); }},   // BININT1
            {'M', [](Machine& m) { m.push_integer(m.number<std::uint16_t>()); }},  // BININT2
            {0x8a, [](Machine& m) { m.push_long(m.number<std::uint8_t>()); }},     // LONG1
            {0x8b, [](Machine& m) { m.push_long(m.number<std::uint32_t>()); }},    // LONG4
            {'G', [](Machine& m) { m.take(8), m.push(Kind::real); }},  // BINFLOAT: nothing of a tensor
            {'X', [](Machine& m) { m.push_text(m.number<std::uint32_t>()); }},   // BINUNICODE
            {'T', [](Machine& m) { m.push_text(m.number<std::uint32_t>()); }},   // BINSTRING
            {'B', [](Machine& m) { m.push_text(m.number<std::uint32_t>()); }},   // BINBYTES
            {0x8c, [](Machine& m) { m.push_text(m.number<std::uint8_t>()); }},   // SHORT_BINUNICODE
            {'U', [](Machine& m) { m.push_text(m.number<std::uint8_t>()); }},    // SHORT_BINSTRING
            {'C', [](Machine& m) { m.push_text(m.number<std::uint8_t>()); }},    // SHORT_BINBYTES
            {0x8d, [](Machine& m) { m.push_text(m.number<std::uint64_t>()); }},  // BINUNICODE8

            {'(', [](Machine& m) { m.stack_.push_back(mark); }},               // MARK
            {'0', [](Machine& m) { m.pop(); }},                                // POP
            {')', [](Machine& m) { m.push(Kind::tuple); }},                    // EMPTY_TUPLE
            {']', [](Machine& m) { m.push(Kind::list); }},                     // EMPTY_LIST
            {'}', [](Machine& m) { m.push(Kind::dict); }},                     // EMPTY_DICT
            {'t', [](Machine& m) { m.push(Kind::tuple, m.pop_to_mark()); }},   // TUPLE
            {0x85, [](Machine& m) { m.push(Kind::tuple, m.pop_some(1)); }},    // TUPLE1
            {0x86, [](Machine& m) { m.push(Kind::tuple, m.pop_some(2)); }},    // TUPLE2
            {0x87, [](Machine& m) { m.push(Kind::tuple, m.pop_some(3)); }},    // TUPLE3
            {'a', [](Machine& m) { m.extend(Kind::list, m.pop_some(1)); }},    // APPEND
            {'e', [](Machine& m) { m.extend(Kind::list, m.pop_to_mark()); }},  // APPENDS
            {'s', [](Machine& m) { m.extend(Kind::dict, m.pop_some(2)); }},    // SETITEM
            {'u', [](Machine& m) { m.extend(Kind::dict, m.pop_to_mark()); }},  // SETITEMS

            {'q', [](Machine& m) { m.remember(m.number<std::uint8_t>()); }},   // BINPUT
            {'r', [](Machine& m) { m.remember(m.number<std::uint32_t>()); }},  // LONG_BINPUT
            {0x94, [](Machine& m) { m.remember(m.memo_.size()); }},            // MEMOIZE
            {'h', [](Machine& m) { m.recall(m.number<std::uint8_t>()); }},     // BINGET
            {'j', [](Machine& m) { m.recall(m.number<std::uint32_t>()); }},    // LONG_BINGET

            {'c', [](Machine& m) { m.push_global_of_lines(); }},                     // GLOBAL
            {0x93, [](Machine& m) { m.push_global_of_stack(); }},                    // STACK_GLOBAL
            {'Q', [](Machine& m) { m.push(Kind::persistent, m.pop_some(1)); }},      // BINPERSID
            {'R', [](Machine& m) { m.call(); }},                                     // REDUCE
            {0x81, [](Machine& m) { m.push_called(Kind::object, m.pop_some(2)); }},  // NEWOBJ
            {'b', [](Machine& m) { m.build(); }},                                    // BUILD
        };
        return table;
    }

    // ---- the bytes
    std::string_view take(std::uint64_t size) {
        if (size > bytes_.size() - position_) refuse("a pickle that ends too early");
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_, size);
        position_ += size;
        return text;
    }
    template <typename Number>
    Number number() {
        return number_at<Number>(std::as_bytes(std::span(take(sizeof(Number)))), 0);
    }
    std::string_view line() {
        const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_,
                                    bytes_.size() - position_);
        const auto end = rest.find('\n');
        if (end == std::string_view::npos) refuse("a pickle that ends too early");
        position_ += end + 1;
        return rest.substr(0, end);
    }

    // ---- the stack
    PickleValue& push(Kind kind, Items items = {}) {
        if (result_.values_.size() == max_values) refuse(concat("more than ", max_values, " values"));
        stack_.push_back(static_cast<std::uint32_t>(result_.values_.size()));
        PickleValue& value = result_.values_.emplace_back();
        value.kind = kind;
        value.items = std::move(items);
        return value;
    }
    std::uint32_t top() const {
        if (stack_.empty() || stack_.back() == mark) refuse("a pickle that takes more than it gave");
        return stack_.back();
    }
    std::uint32_t pop() {
        const std::uint32_t id = top();
        stack_.pop_back();
        return id;
    }
    Items pop_to_mark() {
        const auto last = std::find(stack_.rbegin(), stack_.rend(), mark);
        if (last == stack_.rend()) refuse("a pickle that takes more than it gave");
        Items items(last.base(), stack_.end());
        stack_.erase(last.base() - 1, stack_.end());
        return items;
    }
    // The last `count` values, in the order they were pushed in.
    Items pop_some(std::size_t count) {
        Items items(count);
        for (std::size_t i = count; i-- > 0;) items[i] = pop();
        return items;
    }
    PickleValue& value(std::uint32_t id) { return result_.values_[id]; }

    void push_integer(std::int64_t number) { push(Kind::integer).integer = number; }
    void push_text(std::uint64_t size) {
        const std::string_view text = take(size);
        push(Kind::text).text = text;
    }

    // A little-endian number in two's complement, of up to 8 bytes.
    void push_long(std::uint64_t size) {
        if (size > 8) refuse(concat("a whole number of ", size, " bytes"));
        const std::string_view digits = take(size);
        std::uint64_t result = size > 0 && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;) result = result << 8 | static_cast<unsigned char>(digits[i]);
        push_integer(static_cast<std::int64_t>(result));
    }

    // Adds to the list or dict on top of the stack.
    void extend(Kind kind, const Items& items) {
        PickleValue& target = value(top());
        if (target.kind != kind || (kind == Kind::dict && items.size() % 2 != 0))
            refuse("items added to what takes none");
        target.items.insert(target.items.end(), items.begin(), items.end());
    }

    void remember(std::size_t key) { memo_[static_cast<std::uint32_t>(key)] = top(); }

    void recall(std::uint32_t key) {
        const auto found = memo_.find(key);
        if (found == memo_.end()) refuse("a pickle that recalls what it never kept");
        stack_.push_back(found->second);
    }

    void push_global_of_lines() {
        const std::string_view module = line();
        push_global(module, line());
    }

    void push_global_of_stack() {
        const Items names = pop_some(2);
        if (value(names[0]).kind != Kind::text || value(names[1]).kind != Kind::text)
            refuse("a name that is no text");
        push_global(value(names[0]).text, value(names[1]).text);
    }

    void push_global(std::string_view module, std::string_view name) {
        if (module.size() + name.size() > max_global_size) refuse("a name without end");
        const std::string global = concat(module, ' ', name);
        if (std::ranges::find(known_globals, global) == known_globals.end() &&
            !global.starts_with(torchscript_classes)) {
            throw UsageError(
                concat(name_, ": it asks for ", printable(module), '.', printable(name),
                       ", which no file of weights needs: it was not loaded, and nothing was run"));
        }
        push(Kind::global).text = global;
    }

    void push_called(Kind kind, Items items) {
        if (value(items[0]).kind != Kind::global || value(items[1]).kind != Kind::tuple)
            refuse("a call of what can't be called");
        push(kind, std::move(items));
    }

    void call() {
        Items items = pop_some(2);
        if (value(items[0]).text == "collections OrderedDict" && value(items[0]).kind == Kind::global) {
            push(Kind::dict);
        } else {
            push_called(Kind::call, std::move(items));
        }
    }

    // The state of an object. An OrderedDict may have one too (PyTorch's _metadata), which says nothing of
    // tensors.
    void build() {
        const std::uint32_t state = pop();
        PickleValue& target = value(top());
        if (target.kind == Kind::dict) return;
        if (target.kind != Kind::object || target.items.size() != 2)
            refuse("a state given to what takes none");
        target.items.push_back(state);
    }

    std::span<const std::byte> bytes_;
    const std::string& name_;
    std::size_t position_ = 0;
    std::vector<std::uint32_t> stack_;
    std::unordered_map<std::uint32_t, std::uint32_t> memo_;
    Pickle result_;
};

Pickle read_pickle(std::span<const std::byte> bytes, const std::string& name) {
    return PickleMachine(bytes, name).run();
}

}  // namespace clipsim
