#include "segue/core/npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <concepts>
#include <cstring>
#include <optional>

#include "segue/core/error.hpp"
#include "segue/core/file.hpp"
#include "segue/core/memory_plan.hpp"

namespace segue {
namespace {

static_assert(std::endian::native == std::endian::little, "artefacts are little-endian and mapped as they are");

constexpr std::string_view kMagic = "\x93NUMPY";

template <class T>
constexpr std::string_view dtype_of() {
  if constexpr (std::same_as<T, float>)
    return "<f4";
  else if constexpr (std::same_as<T, double>)
    return "<f8";
  else if constexpr (std::same_as<T, std::int32_t>)
    return "<i4";
  else
    return "<i8";
}

[[noreturn]] void refuse(const std::string& name, std::string_view what) {
  throw BadInput(fmt::format("{}: not a usable .npy file: {}", name, what));
}

/// The header is a Python dictionary literal that NumPy always writes in the same form; we read just that form.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  std::string quoted(std::string_view key) {
    seek(key);
    expect('\'');
    const std::size_t end = text_.find('\'');
    if (end == std::string_view::npos)
      refuse(name_, "its header has an open quote");
    const std::string value(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return value;
  }

  bool boolean(std::string_view key) {
    seek(key);
    return text_.starts_with("True");
  }

  std::vector<std::int64_t> shape(std::string_view key) {
    seek(key);
    expect('(');
    std::vector<std::int64_t> extents;
    while (!text_.empty() && text_[0] != ')') {
      std::int64_t extent = -1;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (error != std::errc{} || extent < 0)
        refuse(name_, "its shape has something that is not a size");
      extents.push_back(extent);
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      while (text_.starts_with(',') || text_.starts_with(' '))
        text_.remove_prefix(1);
    }
    return extents;
  }

 private:
  void seek(std::string_view key) {
    const std::size_t at = whole_.find(fmt::format("'{}':", key));
    if (at == std::string_view::npos)
      refuse(name_, fmt::format("its header has no '{}'", key));
    text_ = whole_.substr(at + key.size() + 3);
    while (text_.starts_with(' '))
      text_.remove_prefix(1);
  }
  void expect(char character) {
    if (!text_.starts_with(character))
      refuse(name_, fmt::format("'{}' expected in its header", character));
    text_.remove_prefix(1);
  }

  std::string_view text_;
  std::string_view whole_ = text_;
  const std::string& name_;
};

std::optional<std::int64_t> item_bytes(std::string_view dtype) {
  if (dtype == "<f4" || dtype == "<i4")
    return 4;
  if (dtype == "<f8" || dtype == "<i8")
    return 8;
  return std::nullopt;
}

struct OpenNpy {
  MappedFile file;
  NpyHeader header;
};

OpenNpy open_npy(const std::filesystem::path& path, std::string_view dtype, std::size_t dimensions) {
  MappedFile file(path);
  NpyHeader header = parse_npy_header(file.text(), path.string());
  if (header.dtype != dtype || header.shape.size() != dimensions)
    refuse(path.string(), fmt::format("it holds {} in {} dimension(s), {} in {} expected", header.dtype,
                                      header.shape.size(), dtype, dimensions));
  return {std::move(file), std::move(header)};
}

}  // namespace

std::string npy_header(std::string_view dtype, std::string_view shape) {
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", dtype, shape);
  constexpr std::size_t kPrelude = 10;
  text.append(64 - (kPrelude + text.size() + 1) % 64, ' ');
  text += '\n';
  std::string header(kMagic);
  header += '\x01';
  header += '\0';
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

NpyHeader parse_npy_header(std::string_view file, const std::string& name) {
  if (!file.starts_with(kMagic) || file.size() < 12)
    refuse(name, "it does not begin with \\x93NUMPY");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(file[i])); };
  const std::size_t major = byte(6);
  if (major < 1 || major > 3)
    refuse(name, fmt::format("format version {} is not 1, 2 or 3", major));
  const std::size_t prelude = major == 1 ? 10 : 12;
  const std::size_t length = byte(8) | byte(9) << 8 | (major == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (file.size() - prelude < length)
    refuse(name, fmt::format("its header of {} bytes is cut short", length));

  HeaderText text(file.substr(prelude, length), name);
  NpyHeader header;
  header.dtype = text.quoted("descr");
  header.shape = text.shape("shape");
  header.data_offset = prelude + length;
  if (text.boolean("fortran_order"))
    refuse(name, "it is in Fortran order; save it with order='C'");
  const std::optional<std::int64_t> bytes_each = item_bytes(header.dtype);
  if (!bytes_each)
    refuse(name, fmt::format("type {} is not one of <f4, <f8, <i4, <i8", header.dtype));
  if (header.shape.empty() || header.shape.size() > 2)
    refuse(name, fmt::format("{} dimensions, 1 or 2 expected", header.shape.size()));
  const std::int64_t have = static_cast<std::int64_t>(file.size() - header.data_offset);
  std::int64_t want = *bytes_each;
  for (const std::int64_t extent : header.shape)
    if (__builtin_mul_overflow(want, extent, &want))
      refuse(name, "its shape overflows 63 bits");
  if (have != want)
    refuse(name, fmt::format("its shape needs {} bytes of data, {} are there", want, have));
  return header;
}

void write_npy(const std::filesystem::path& path, MatrixView<const float> matrix) {
  AtomicFile file(path);
  file.write(npy_header(dtype_of<float>(), fmt::format("({}, {})", matrix.rows(), matrix.columns())));
  for (std::int64_t row = 0; row < matrix.rows(); ++row)
    file.write(std::as_bytes(matrix.row(row)));
  file.commit();
}

template <class T>
NpyVectorWriter<T>::NpyVectorWriter(const std::filesystem::path& path, std::int64_t count)
    : file_(path), missing_(count) {
  file_.write(npy_header(dtype_of<T>(), fmt::format("({},)", count)));
}

template <class T>
void NpyVectorWriter<T>::write(std::span<const T> values) {
  file_.write(std::as_bytes(values));
  missing_ -= static_cast<std::int64_t>(values.size());
}

template <class T>
void NpyVectorWriter<T>::commit() {
  if (missing_ != 0)
    throw Error(fmt::format("a vector of numbers is {} short of what its header says", missing_));
  file_.commit();
}

template <class T>
void write_npy(const std::filesystem::path& path, std::span<const T> values) {
  NpyVectorWriter<T> writer(path, static_cast<std::int64_t>(values.size()));
  writer.write(values);
  writer.commit();
}

Matrix<float> read_npy_matrix(const std::filesystem::path& path) {
  const OpenNpy npy = open_npy(path, dtype_of<float>(), 2);
  Matrix<float> matrix(npy.header.shape[0], npy.header.shape[1]);
  const std::span<const std::byte> data = npy.file.bytes().subspan(npy.header.data_offset);
  if (!data.empty())
    std::memcpy(matrix.data(), data.data(), data.size());
  return matrix;
}

template <class T>
std::vector<T> read_npy_vector(const std::filesystem::path& path) {
  const OpenNpy npy = open_npy(path, dtype_of<T>(), 1);
  std::vector<T> values(static_cast<std::size_t>(npy.header.shape[0]));
  const std::span<const std::byte> data = npy.file.bytes().subspan(npy.header.data_offset);
  if (!data.empty())
    std::memcpy(values.data(), data.data(), data.size());
  return values;
}

template class NpyVectorWriter<float>;
template class NpyVectorWriter<double>;
template class NpyVectorWriter<std::int32_t>;
template class NpyVectorWriter<std::int64_t>;
template void write_npy(const std::filesystem::path&, std::span<const float>);
template void write_npy(const std::filesystem::path&, std::span<const double>);
template void write_npy(const std::filesystem::path&, std::span<const std::int32_t>);
template void write_npy(const std::filesystem::path&, std::span<const std::int64_t>);
template std::vector<float> read_npy_vector(const std::filesystem::path&);
template std::vector<double> read_npy_vector(const std::filesystem::path&);
template std::vector<std::int32_t> read_npy_vector(const std::filesystem::path&);
template std::vector<std::int64_t> read_npy_vector(const std::filesystem::path&);

}  // namespace segue
