// The same operations by Eigen, on one thread.
#include "isa/forms.h"

#if TW_BENCH_EIGEN

#include <Eigen/Core>
#include <map>

namespace tilewright::bench {
namespace {

using Array = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using Matrix = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;
using ColumnArray = Eigen::Map<Eigen::Array<float, Eigen::Dynamic, 1>>;
using RowArray = Eigen::Map<Eigen::Array<float, 1, Eigen::Dynamic>>;

struct Maps {
  Array dst, a, b;
  ColumnArray column, result_column;
  RowArray row, result_row;
  explicit Maps(const Matrices& m)
      : dst(m.dst, m.rows, m.cols),
        a(m.a, m.rows, m.cols),
        b(m.b, m.rows, m.cols),
        column(m.column, m.rows),
        result_column(m.dst, m.rows),
        row(m.row, m.cols),
        result_row(m.dst, m.cols) {}
};
using Function = void (*)(Maps& m);

const std::map<std::string, Function>& functions() {
  static const std::map<std::string, Function> all = {
      {"TADD", [](Maps& m) { m.dst = m.a + m.b; }},
      {"TSUB", [](Maps& m) { m.dst = m.a - m.b; }},
      {"TMUL", [](Maps& m) { m.dst = m.a * m.b; }},
      {"TDIV", [](Maps& m) { m.dst = m.a / m.b; }},
      {"TMAX", [](Maps& m) { m.dst = m.a.max(m.b); }},
      {"TMIN", [](Maps& m) { m.dst = m.a.min(m.b); }},
      {"TABS", [](Maps& m) { m.dst = m.a.abs(); }},
      {"TNEG", [](Maps& m) { m.dst = -m.a; }},
      {"TRELU", [](Maps& m) { m.dst = m.a.max(0.0f); }},
      {"TADDS", [](Maps& m) { m.dst = m.a + 3.0f; }},
      {"TMULS", [](Maps& m) { m.dst = m.a * 3.0f; }},
      {"TDIVS", [](Maps& m) { m.dst = m.a / 3.0f; }},
      {"TEXPANDS", [](Maps& m) { m.dst.setConstant(3.0f); }},
      {"TEXP", [](Maps& m) { m.dst = m.a.exp(); }},
      {"TLOG", [](Maps& m) { m.dst = m.a.log(); }},
      {"TSQRT", [](Maps& m) { m.dst = m.a.sqrt(); }},
      {"TRSQRT", [](Maps& m) { m.dst = m.a.rsqrt(); }},
      {"TRECIP", [](Maps& m) { m.dst = m.a.inverse(); }},
      {"TROWSUM", [](Maps& m) { m.result_column = m.a.rowwise().sum(); }},
      {"TROWMAX", [](Maps& m) { m.result_column = m.a.rowwise().maxCoeff(); }},
      {"TROWMIN", [](Maps& m) { m.result_column = m.a.rowwise().minCoeff(); }},
      {"TCOLSUM", [](Maps& m) { m.result_row = m.a.colwise().sum(); }},
      {"TCOLMAX", [](Maps& m) { m.result_row = m.a.colwise().maxCoeff(); }},
      {"TCOLMIN", [](Maps& m) { m.result_row = m.a.colwise().minCoeff(); }},
      {"TROWEXPAND", [](Maps& m) { m.dst.colwise() = m.column; }},
      {"TROWEXPANDADD", [](Maps& m) { m.dst = m.a.colwise() + m.column; }},
      {"TROWEXPANDSUB", [](Maps& m) { m.dst = m.a.colwise() - m.column; }},
      {"TROWEXPANDMUL", [](Maps& m) { m.dst = m.a.colwise() * m.column; }},
      {"TROWEXPANDDIV", [](Maps& m) { m.dst = m.a.colwise() / m.column; }},
      {"TROWEXPANDEXPDIF", [](Maps& m) { m.dst = (m.a.colwise() - m.column).exp(); }},
      {"TCOLEXPAND", [](Maps& m) { m.dst.rowwise() = m.row; }},
      {"TCOLEXPANDADD", [](Maps& m) { m.dst = m.a.rowwise() + m.row; }},
      {"TCOLEXPANDSUB", [](Maps& m) { m.dst = m.a.rowwise() - m.row; }},
      {"TCOLEXPANDMUL", [](Maps& m) { m.dst = m.a.rowwise() * m.row; }},
      {"TCOLEXPANDDIV", [](Maps& m) { m.dst = m.a.rowwise() / m.row; }},
      {"TAXPY", [](Maps& m) { m.dst += m.a * 0.5f; }},
      {"TADDC", [](Maps& m) { m.dst = m.a + m.b + m.a; }},
  };
  return all;
}

}  // namespace

bool has_eigen() { return true; }

Work eigen_work(const std::string& form, const Matrices& m) {
  if (m.dst == nullptr) return {};
  if (form == "TMATMUL" || form == "TMATMUL_ACC" || form == "TGEMV") {
    // Products: rows x cols by cols x cols.
    auto maps = std::make_shared<std::tuple<Matrix, Matrix, Matrix>>(Matrix(m.dst, m.rows, m.cols), Matrix(m.a, m.rows, m.cols),
                                                                     Matrix(m.b, m.cols, m.cols));
    if (form == "TMATMUL_ACC") return [maps] { std::get<0>(*maps).noalias() += std::get<1>(*maps) * std::get<2>(*maps); };
    return [maps] { std::get<0>(*maps).noalias() = std::get<1>(*maps) * std::get<2>(*maps); };
  }
  const auto found = functions().find(form);
  if (found == functions().end()) return {};
  auto maps = std::make_shared<Maps>(m);
  return [maps, function = found->second] { function(*maps); };
}

}  // namespace tilewright::bench

#else

namespace tilewright::bench {
bool has_eigen() { return false; }
Work eigen_work(const std::string&, const Matrices&) { return {}; }
}  // namespace tilewright::bench

#endif
