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
            if (!push_constant(opcode) && !collect(opcode) && !remember(opcode) && !construct(opcode))
                refuse(concat("the opcode ", static_cast<int>(opcode), ", which no state dict has"));
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

    void push_integer(Kind kind, std::int64_t number) { push(kind).integer = number; }
    void push_text(std::uint64_t size) {
        const std::string_view text = take(size);
        push(Kind::text).text = text;
    }

    // A little-endian number in two's complement, of up to 8 bytes.
    std::int64_t long_integer(std::uint64_t size) {
        if (size > 8) refuse(concat("a whole number of ", size, " bytes"));
        const std::string_view digits = take(size);
        std::uint64_t result = size > 0 && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
        for (std::size_t i = size; i-- > 0;) result = result << 8 | static_cast<unsigned char>(digits[i]);
        return static_cast<std::int64_t>(result);
    }

    bool push_constant(std::uint8_t opcode) {
        switch (opcode) {
            case 0x80:
                take(1);
                return true;  // PROTO
            case 0x95:
                take(8);
                return true;  // FRAME
            case 'N':
                push(Kind::none);
                return true;  // NONE
            case 0x88:
                push_integer(Kind::boolean, 1);
                return true;  // NEWTRUE
            case 0x89:
                push_integer(Kind::boolean, 0);
                return true;  // NEWFALSE
            case 'J':
                push_integer(Kind::integer, number<std::int32_t>());
                return true;  // BININT
            case 'K':
                push_integer(Kind::integer, number<std::uint8_t>());
                return true;  // BININT1
            case 'M':
                push_integer(Kind::integer, number<std::uint16_t>());
                return true;  // BININT2
            case 0x8a:
                push_integer(Kind::integer, long_integer(number<std::uint8_t>()));
                return true;  // LONG1
            case 0x8b:
                push_integer(Kind::integer, long_integer(number<std::uint32_t>()));
                return true;  // LONG4
            case 'G':
                take(8);
                push(Kind::real);
                return true;  // BINFLOAT: nothing of a state dict's tensors
            case 'X':         // BINUNICODE
            case 'T':         // BINSTRING
            case 'B':
                push_text(number<std::uint32_t>());
                return true;  // BINBYTES
            case 0x8c:        // SHORT_BINUNICODE
            case 'U':         // SHORT_BINSTRING
            case 'C':
                push_text(number<std::uint8_t>());
                return true;  // SHORT_BINBYTES
            case 0x8d:
                push_text(number<std::uint64_t>());
                return true;  // BINUNICODE8
            default:
                return false;
        }
    }

    bool collect(std::uint8_t opcode) {
        switch (opcode) {
            case '(':
                stack_.push_back(mark);
                return true;  // MARK
            case '0':
                pop();
                return true;  // POP
            case ')':
                push(Kind::tuple);
                return true;  // EMPTY_TUPLE
            case ']':
                push(Kind::list);
                return true;  // EMPTY_LIST
            case '}':
                push(Kind::dict);
                return true;  // EMPTY_DICT
            case 't':
                push(Kind::tuple, pop_to_mark());
                return true;  // TUPLE
            case 0x85:        // TUPLE1 to TUPLE3
            case 0x86:
            case 0x87:
                push(Kind::tuple, pop_some(opcode - 0x84));
                return true;
            case 'a':
                extend(Kind::list, pop_some(1));
                return true;  // APPEND
            case 'e':
                extend(Kind::list, pop_to_mark());
                return true;  // APPENDS
            case 's':
                extend(Kind::dict, pop_some(2));
                return true;  // SETITEM
            case 'u':
                extend(Kind::dict, pop_to_mark());
                return true;  // SETITEMS
            default:
                return false;
        }
    }

    // Adds to the list or dict on top of the stack.
    void extend(Kind kind, const Items& items) {
        PickleValue& target = value(top());
        if (target.kind != kind || (kind == Kind::dict && items.size() % 2 != 0))
            refuse("items added to what takes none");
        target.items.insert(target.items.end(), items.begin(), items.end());
    }

    bool remember(std::uint8_t opcode) {
        switch (opcode) {
            case 'q':
                memo_[number<std::uint8_t>()] = top();
                return true;  // BINPUT
            case 'r':
                memo_[number<std::uint32_t>()] = top();
                return true;  // LONG_BINPUT
            case 0x94: {      // MEMOIZE
                const auto next = static_cast<std::uint32_t>(memo_.size());
                memo_[next] = top();
                return true;
            }
            case 'h':
                recall(number<std::uint8_t>());
                return true;  // BINGET
            case 'j':
                recall(number<std::uint32_t>());
                return true;  // LONG_BINGET
            default:
                return false;
        }
    }
    void recall(std::uint32_t key) {
        const auto found = memo_.find(key);
        if (found == memo_.end()) refuse("a pickle that recalls what it never kept");
        stack_.push_back(found->second);
    }

    bool construct(std::uint8_t opcode) {
        switch (opcode) {
            case 'c': {  // GLOBAL
                const std::string_view module = line();
                push_global(module, line());
                return true;
            }
            case 0x93: {  // STACK_GLOBAL
                const Items names = pop_some(2);
                if (value(names[0]).kind != Kind::text || value(names[1]).kind != Kind::text)
                    refuse("a name that is no text");
                push_global(value(names[0]).text, value(names[1]).text);
                return true;
            }
            case 'Q':
                push(Kind::persistent, pop_some(1));
                return true;  // BINPERSID
            case 'R':
                call();
                return true;  // REDUCE
            case 0x81:
                push_called(Kind::object, pop_some(2));
                return true;  // NEWOBJ
            case 'b':
                build();
                return true;  // BUILD
            default:
                return false;
        }
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
