#include "data/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "tensor.h"

namespace tilewright {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kHeaderAlignment = 64;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<uint64_t> shape;
};

/// The header is the text of a Python dict with exactly the keys descr, fortran_order and shape. This reads that
/// much Python and no more.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    bool seen[3] = {};
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0) fail(fmt::format("unknown key '{}'", key));
      if (seen[which]) fail(fmt::format("key '{}' twice", key));
      seen[which] = true;
      if (which == 0) header.descr = descr();
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = tuple();
      if (!accept(',') && peek() != '}') fail("expected ',' or '}'");
    }
    if (peek() != '\0') fail("text after the closing brace");
    if (!seen[0] || !seen[1] || !seen[2]) fail("needs the keys 'descr', 'fortran_order' and 'shape'");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(ErrorCode::kParseError, fmt::format("{}: malformed .npy header at character {}: {}", name_, at_, reason));
  }
  /// The next character that is not white space; 0 at the end.
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted || wanted == '\0') return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("expected '{}'", wanted));
  }
  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("expected a string");
    const size_t begin = ++at_;
    const size_t end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail("a string does not end");
    at_ = end + 1;
    return std::string(text_.substr(begin, end - begin));
  }
  std::string descr() {
    if (peek() == '[') {
      throw Error(ErrorCode::kUnsupported, fmt::format("{}: structured arrays are not supported", name_), "save one field of it");
    }
    return string();
  }
  bool boolean() {
    peek();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("expected True or False");
  }
  std::vector<uint64_t> tuple() {
    std::vector<uint64_t> values;
    expect('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail("expected ',' or ')'");
      values.push_back(number());
      comma = accept(',');
    }
    if (values.size() == 1 && !comma) fail("a shape is a tuple: one dimension is written (n,)");
    return values;
  }
  uint64_t number() {
    if (peek() < '0' || peek() > '9') fail("expected a dimension, an integer that is not negative");
    uint64_t value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
      if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
          __builtin_add_overflow(value, static_cast<uint64_t>(text_[at_] - '0'), &value)) {
        fail("a dimension is past 2^64");
      }
      ++at_;
    }
    return value;
  }

  std::string_view text_;
  std::string_view name_;
  size_t at_ = 0;
};

struct NpyType {
  DataType dtype;
  const char* code;  ///< kind and size, without the byte order
};
constexpr NpyType kTypes[] = {
    {DataType::FLOAT32, "f4"},   {DataType::FLOAT16, "f2"}, {DataType::INT8, "i1"},    {DataType::INT16, "i2"},
    {DataType::INT32, "i4"},     {DataType::INT64, "i8"},   {DataType::UINT8, "u1"},   {DataType::UINT16, "u2"},
    {DataType::UINT32, "u4"},    {DataType::UINT64, "u8"},  {DataType::BOOL, "b1"},    {DataType::BFLOAT16, "V2"},
    {DataType::FP8E4M3FN, "V1"}, {DataType::FP8E8M0, "V1"}, {DataType::FP4E2M1, "V1"},
};

const char* type_code(DataType dtype) {
  return std::find_if(std::begin(kTypes), std::end(kTypes), [&](const NpyType& type) { return type.dtype == dtype; })->code;
}

bool numpy_lacks(DataType dtype) { return type_code(dtype)[0] == 'V'; }

/// The DataType of `descr`, and whether its numbers are big-endian.
DataType resolve_type(const std::string& descr, std::string_view name, std::optional<DataType> wanted, bool& big_endian) {
  const bool has_order = !descr.empty() && std::strchr("<>|=", descr[0]) != nullptr;
  const std::string code = has_order ? descr.substr(1) : descr;
  big_endian = has_order && descr[0] == '>';
  if (wanted && numpy_lacks(*wanted)) {
    const size_t size = get_element_size(*wanted);
    if (code == fmt::format("V{}", size) || code == fmt::format("u{}", size)) return *wanted;
  }
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes), [&](const NpyType& type) { return code == type.code; });
  if (found == std::end(kTypes)) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: element type '{}' has no data type here", name, descr),
                code == "f8" ? "convert it first: numpy.save(file, x.astype(numpy.float32))"
                             : "supported are f2 f4 i1 i2 i4 i8 u1 u2 u4 u8 b1, V2 (bfloat16) and, with a type named, V1 (fp8, fp4)");
  }
  if (code == "V1" && !wanted) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: one-byte elements ('{}') do not say which type they are", name, descr),
                "name it: fp8e4m3@FILE, fp8e8m0@FILE or fp4e2m1@FILE");
  }
  if (wanted && *wanted != found->dtype) {
    throw Error(ErrorCode::kSignatureMismatch,
                fmt::format("{}: holds {} ('{}'), not {}", name, short_dtype_name(found->dtype), descr, short_dtype_name(*wanted)));
  }
  return found->dtype;
}

std::vector<uint32_t> checked_shape(const std::vector<uint64_t>& shape, std::string_view name) {
  if (shape.size() > MAX_TENSOR_DIMS) {
    throw Error(ErrorCode::kLimitExceeded,
                fmt::format("{}: shape ({}) has {} dimensions; a tensor has at most {}", name, fmt::join(shape, ", "), shape.size(),
                            MAX_TENSOR_DIMS),
                "reshape it before saving");
  }
  for (const uint64_t dimension : shape) {
    if (dimension > UINT32_MAX) {
      throw Error(ErrorCode::kLimitExceeded, fmt::format("{}: dimension {} is past 2^32 - 1", name, dimension));
    }
  }
  return {shape.begin(), shape.end()};
}

/// The data size that a shape needs, or the largest number if it does not fit one.
uint64_t needed_bytes(const std::vector<uint32_t>& shape, uint64_t element_size) {
  uint64_t bytes = element_size;
  bool overflow = false;
  for (const uint32_t dimension : shape) overflow = __builtin_mul_overflow(bytes, uint64_t{dimension}, &bytes) || overflow;
  if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) return 0;
  return overflow ? UINT64_MAX : bytes;
}

void swap_bytes(HostTensor& tensor) {
  const size_t size = get_element_size(tensor.dtype());
  std::byte* element = tensor.data();
  for (uint64_t i = 0; i < tensor.element_count(); ++i, element += size) std::reverse(element, element + size);
}

/// Copies column-major `data` into the row-major tensor.
void copy_from_fortran_order(HostTensor& tensor, std::string_view data) {
  const size_t size = get_element_size(tensor.dtype());
  const std::vector<uint32_t>& shape = tensor.shape();
  for (uint64_t flat = 0; flat < tensor.element_count(); ++flat) {
    const std::vector<uint32_t> index = unflatten(flat, shape);
    uint64_t source = 0;
    for (size_t i = shape.size(); i-- > 0;) source = source * shape[i] + index[i];
    std::memcpy(tensor.data() + flat * size, &data[source * size], size);
  }
}

/// The header's text, found behind magic, version and length; `data` gets what follows it.
std::string_view split_header(std::string_view content, std::string_view name, std::string_view& data) {
  const auto fail = [&](const std::string& reason) {
    return Error(ErrorCode::kParseError, fmt::format("{}: not a .npy file: {}", name, reason));
  };
  if (content.substr(0, kMagic.size()) != kMagic) throw fail("it does not start with \\x93NUMPY");
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(content[i])); };
  if (content.size() < kMagic.size() + 2) throw fail("it ends before the version");
  const uint32_t major = byte(6);
  const uint32_t minor = byte(7);
  if (major < 1 || major > 3 || minor != 0) {
    throw Error(ErrorCode::kUnsupported, fmt::format("{}: .npy version {}.{} is not supported", name, major, minor),
                "save it as version 1.0, 2.0 or 3.0");
  }
  const size_t length_size = major == 1 ? 2 : 4;
  const size_t begin = kMagic.size() + 2 + length_size;
  if (content.size() < begin) throw fail("it ends before the header");
  uint64_t length = 0;
  for (size_t i = length_size; i-- > 0;) length = length << 8 | byte(kMagic.size() + 2 + i);
  if (content.size() - begin < length) {
    throw fail(fmt::format("the header has {} bytes, but {} follow: the file is cut off", length, content.size() - begin));
  }
  data = content.substr(begin + length);
  return content.substr(begin, length);
}

}  // namespace

HostTensor parse_npy(std::string_view content, std::string_view name, std::optional<DataType> dtype) {
  std::string_view data;
  const Header header = HeaderParser(split_header(content, name, data), name).parse();
  bool big_endian = false;
  const DataType type = resolve_type(header.descr, name, dtype, big_endian);
  std::vector<uint32_t> shape = checked_shape(header.shape, name);
  // Compared before the tensor is made, so that a damaged shape allocates nothing.
  const uint64_t needed = needed_bytes(shape, get_element_size(type));
  if (data.size() != needed) {
    throw Error(ErrorCode::kParseError,
                fmt::format("{}: has {} bytes of data, but {} needs {}", name, data.size(), describe(type, shape),
                            needed == UINT64_MAX ? std::string("more than 2^64") : std::to_string(needed)),
                data.size() < needed ? "the file is cut off" : "the file has something behind its data");
  }
  HostTensor tensor(type, std::move(shape));
  if (header.fortran_order) {
    copy_from_fortran_order(tensor, data);
  } else {
    std::memcpy(tensor.data(), data.data(), data.size());
  }
  if (big_endian) swap_bytes(tensor);
  return tensor;
}

HostTensor read_npy(const std::filesystem::path& path, std::optional<DataType> dtype) {
  return parse_npy(read_file(path), path.string(), dtype);
}

std::string format_npy(const HostTensor& tensor) {
  const char* code = type_code(tensor.dtype());
  const char order = get_element_size(tensor.dtype()) == 1 ? '|' : '<';
  const std::string comma = tensor.shape().size() == 1 ? "," : "";
  std::string header =
      fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}", order, code, fmt::join(tensor.shape(), ", "), comma);
  const size_t before = kMagic.size() + 4;
  header.append((kHeaderAlignment - (before + header.size() + 1) % kHeaderAlignment) % kHeaderAlignment, ' ');
  header += '\n';
  std::string content(kMagic);
  content += {'\x01', '\x00', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  content += header;
  content.append(reinterpret_cast<const char*>(tensor.data()), tensor.byte_count());
  return content;
}

void write_npy(const std::filesystem::path& path, const HostTensor& tensor) { write_file_atomically(path, format_npy(tensor)); }

}  // namespace tilewright
