// The same operations by OpenBLAS, on one thread.
#include "isa/forms.h"

#if TW_BENCH_OPENBLAS

#include <cblas.h>

namespace tilewright::bench {

bool has_openblas() {
  openblas_set_num_threads(1);
  return true;
}

Work openblas_work(const std::string& form, const Matrices& m) {
  if (m.dst == nullptr) return {};
  const blasint rows = static_cast<blasint>(m.rows), cols = static_cast<blasint>(m.cols), count = rows * cols;
  if (form == "TMATMUL" || form == "TMATMUL_ACC") {
    const float beta = form == "TMATMUL" ? 0.0f : 1.0f;
    return [=] { cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, cols, cols, 1.0f, m.a, cols, m.b, cols, beta, m.dst, cols); };
  }
  if (form == "TGEMV" || form == "TGEMV_ACC") {
    const float beta = form == "TGEMV" ? 0.0f : 1.0f;
    return [=] { cblas_sgemv(CblasRowMajor, CblasTrans, cols, cols, 1.0f, m.b, cols, m.a, 1, beta, m.dst, 1); };
  }
  if (form == "TAXPY") return [=] { cblas_saxpy(count, 0.5f, m.a, 1, m.dst, 1); };
  return {};
}

}  // namespace tilewright::bench

#else

namespace tilewright::bench {
bool has_openblas() { return false; }
Work openblas_work(const std::string&, const Matrices&) { return {}; }
}  // namespace tilewright::bench

#endif
