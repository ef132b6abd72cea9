// Instruction legality: every instruction with every element type on both generations, against a second reading of spec/tile-isa.md.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>

#define PTO_STRICT_ARCH
#include "base/file.h"
#include "isa/hook.h"
#include "isa/isa_test_support.h"
#include "isa/legality.h"

namespace tilewright {
namespace {

using isa_test::KernelError;
using pto::Layout;
using pto::Op;
using pto::legality::Generation;

constexpr int kOps = static_cast<int>(Op::OP_COUNT);
constexpr const char* kStd = "i8 u8 i16 u16 i32 u32 f16 bf16 f32";
constexpr const char* kAll = "i8 u8 i16 u16 i32 u32 i64 u64 f16 bf16 f32 e4m3 e5m2 e8m0 hif8 e2m1x2 e1m2x2 i4";

/// What sections 2.1 to 2.8 and the list of backends say: element types by column A (a2a3) and B (a5); "-": not there; "*": any, or the
/// column does not say. Instructions that are not here are on both, for every type.
struct Line {
  const char* names;
  const char* operand;  ///< whose element type it is
  std::string a2a3, a5;
};
const std::vector<Line>& lines() {
  static const std::string all = kAll, std_types = kStd, with64 = std_types + " i64 u64";
  static const std::string vector = "f16 f32 i16 i32", floats = "f16 f32", ints = "i8 u8 i16 u16 i32 u32",
                           bytes24 = "i16 u16 i32 u32 f16 bf16 f32";
  static const std::string no_twins = "i8 u8 i16 u16 i32 u32 i64 u64 f16 bf16 f32 e4m3 e5m2 e8m0 hif8 i4";
  static const std::vector<Line> table = {
      {"TLOAD", "dst", with64, "*"},
      {"TSTORE_MAT", "", "*", "-"},
      {"TMOV_M2B", "src", "i32 f32 f16", "i32 f32 f16 bf16"},
      {"TMOV_A2V TEXTRACT_A2V TEXTRACT_A2M TEXTRACT_V2M TINSERT_A2V TINSERT_V2V TINSERT_V2M TPACK", "", "-", "*"},
      {"TEXTRACT_M2L", "src", "i8 f16 bf16 f32", "i8 f16 bf16 f32 e4m3 e5m2 e8m0 e2m1x2 e1m2x2 hif8"},
      {"TEXTRACT_V2V", "src", std_types, std_types},
      {"TCONCAT TTRANS TROWEXPAND", "dst", std_types, std_types},
      {"TINTERLEAVE TDEINTERLEAVE", "dst", "-", std_types},
      {"TADD TSUB TADDS TSUBS", "dst", vector, with64},
      {"TMUL TMULS", "dst", vector, "i16 u16 i32 u32 i64 u64 f16 bf16 f32"},
      {"TDIV", "dst", floats, floats + " i16 u16 i32 u32 i64 u64"},
      {"TDIVS", "dst", vector, floats + " i16 u16 i32 u32 i64 u64"},
      {"TMAX TMIN TMAXS TMINS", "dst", vector, "*"},
      {"TADDC TSUBC TADDSC TSUBSC", "", "-", "-"},
      {"TAND TOR TXOR TNOT TANDS TORS TXORS", "dst", ints, ints},
      {"TSHL TSHR TSHLS TSHRS", "dst", ints, ints + " i64 u64"},
      {"TREM", "dst", "f32 i32", "f16 bf16 f32 i16 u16 i32 u32 i64 u64"},
      {"TREMS", "dst", vector, "f16 bf16 f32 i16 u16 i32 u32 i64 u64"},
      {"TPOW", "dst", ints + " i64 u64 f32", ints + " i64 u64 f32 f16 bf16"},
      {"TPOWS", "dst", ints + " i64 u64 f32 f16", ints + " i64 u64 f32 f16 bf16"},
      {"TPRELU TEXP TLOG TSQRT TRSQRT TMULADDDST TFUSEDMULADD TFUSEDMULADDRELU TSUBRELU TPAIRREDUCESUM TPARTARGMAX TPARTARGMIN "
       "TROWEXPANDEXPDIF TCOLEXPANDEXPDIF",
       "dst", floats, floats},
      {"TABS", "dst", floats, floats + " i8 i16 i32"},
      {"TNEG TPARTADD TPARTMUL TPARTMAX TPARTMIN TLRELU TAXPY", "dst", vector, "*"},
      {"TRELU", "dst", floats + " i32", floats + " i32"},
      {"TADDRELUCONV TSUBRELUCONV", "src", "f32 f16 i16", "f32 f16 i16"},
      {"TADDDEQRELU", "src", "i32", "i32"},
      {"TRANDOM", "dst", "-", "i32 u32"},
      {"TROWSUM TROWPROD", "src", vector, vector + " i64 u64"},
      {"TROWMAX TROWMIN", "src", vector, vector + " i64 u64 i8 u8"},
      {"TCOLSUM TCOLMAX TCOLMIN TCOLPROD", "src", vector, "*"},
      {"TROWEXPANDADD TROWEXPANDSUB TROWEXPANDMUL TROWEXPANDDIV TROWEXPANDMAX TROWEXPANDMIN TCOLEXPANDADD TCOLEXPANDSUB TCOLEXPANDMUL "
       "TCOLEXPANDDIV TCOLEXPANDMAX TCOLEXPANDMIN",
       "dst", vector, "*"},
      {"TCMP", "dst", "u8", "u32"},
      {"TCMP", "src", "i32 f16 f32", "*"},
      {"TSEL", "dst", bytes24, no_twins},
      {"MGATHER", "dst", std_types, std_types + " e4m3 e5m2 e8m0"},
      {"TSORT32 TMRGSORT", "src", floats, floats},
      {"THISTOGRAM", "src", "-", "u16 u32"},
      {"TMATMUL TMATMUL_ACC TMATMUL_BIAS TGEMV TGEMV_ACC TGEMV_BIAS", "src", "i8 f16 bf16 f32", "*"},
      {"TMATMUL_MX TGEMV_MX TGET_SCALE_ADDR SET_INTRA_BLOCK WAIT_INTRA_BLOCK GET_BUF RLS_BUF", "", "-", "*"},
  };
  return table;
}

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

Op op_named(const std::string& name) {
  for (int op = 0; op < kOps; ++op) {
    if (op_name(static_cast<uint16_t>(op)) == name) return static_cast<Op>(op);
  }
  ADD_FAILURE() << "no instruction " << name;
  return Op::OP_COUNT;
}

/// An instruction of `count` tiles. Legality is asked before anything else, so they need no memory.
struct Made {
  PtoTileType tiles[kPtoMaxOperands] = {};
  PtoGlobalType globals[kPtoMaxOperands] = {};
  PtoInstruction instruction = {};

  Made(Op op, int count) {
    instruction.op = static_cast<uint16_t>(op);
    instruction.operand_count = static_cast<uint8_t>(count);
    for (int i = 0; i < count; ++i) {
      tiles[i] = {kPtoF32, 4, 0, kPtoNd, 16, 16, 1, 1, 0};
      instruction.operands[i].tile = &tiles[i];
    }
  }
  Made& element(int i, int code) {
    tiles[i].element = static_cast<uint8_t>(code);
    return *this;
  }
  Made& tile_layout(int i, PtoTileLayout layout) {
    tiles[i].layout = layout;
    return *this;
  }
  Made& global(int i, Layout layout) {
    globals[i] = {kPtoF32, 4, static_cast<uint8_t>(layout)};
    instruction.operands[i].tile = nullptr;
    instruction.operands[i].global = &globals[i];
    return *this;
  }
};

class LegalityTest : public testing::TestWithParam<const CoreArch*> {
 protected:
  bool a5() const { return GetParam()->generation == Generation::kA5; }
  /// The text of the refusal; empty if there is none.
  std::string refusal(const Made& made) {
    isa_test::ThrowingHost host;
    CoreContext core{.kind = CoreKind::kAiv, .arch = GetParam(), .memory = nullptr, .host = &host};
    set_current_core(&core);
    std::string text;
    try {
      isa::check_generation({made.instruction, core});
    } catch (const KernelError& error) {
      EXPECT_EQ(error.code, kPtoFailUnsupported);
      text = error.text;
    }
    set_current_core(nullptr);
    return text;
  }
};

/// Elements of one operand that a line allows on this generation, by code.
std::set<int> allowed_codes(const std::string& column) {
  const std::set<std::string> names = words(column == "*" ? kAll : column);
  std::set<int> codes;
  for (int code = 0; code < kPtoElementCount; ++code) {
    if (names.contains(element_name(static_cast<uint8_t>(code)))) codes.insert(code);
  }
  EXPECT_EQ(codes.size(), column == "-" ? 0u : names.size()) << column;
  return codes;
}

TEST_P(LegalityTest, EveryInstructionWithEveryElementType) {
  struct Expected {
    bool there = true;
    std::map<int, std::set<int>> elements;  // by operand
  };
  std::map<Op, Expected> expected;
  for (const Line& line : lines()) {
    for (const std::string& name : words(line.names)) {
      Expected& e = expected[op_named(name)];
      const std::string& column = a5() ? line.a5 : line.a2a3;
      if (column == "-")
        e.there = false;
      else if (*line.operand != '\0')
        e.elements[std::string(line.operand) == "src" ? 1 : 0] = allowed_codes(column);
    }
  }
  int refused = 0;
  for (int number = 0; number < kOps; ++number) {
    const Op op = static_cast<Op>(number);
    const std::string name = isa::instruction_name(op);
    const Expected& e = expected[op];
    for (int code = 0; code < kPtoElementCount; ++code) {
      for (const int operand : {0, 1}) {
        // The other operand has a type that the line allows.
        Made made(op, 2);
        for (const auto& [other, codes] : e.elements) {
          if (!codes.empty()) made.element(other, *codes.begin());
        }
        if (op == Op::TSCATTER) made.element(1, kPtoF32);
        made.element(operand, code);
        const bool legal = e.there && (!e.elements.contains(operand) || e.elements.at(operand).contains(code));
        if (op == Op::TSCATTER && operand == 1) continue;  // see Forms
        const std::string text = refusal(made);
        EXPECT_EQ(text.empty(), legal) << name << " " << element_name(static_cast<uint8_t>(code)) << " operand " << operand << ": " << text;
        if (legal) continue;
        ++refused;
        EXPECT_TRUE(text.starts_with(name + ": " + GetParam()->name + " does not have this instruction")) << text;
        const std::string element = std::string("for elements ") + element_name(static_cast<uint8_t>(code));
        EXPECT_EQ(text.find(element) != std::string::npos, e.there) << text;
      }
    }
  }
  EXPECT_GT(refused, 300);
}

TEST_P(LegalityTest, FormsThatOperandsTell) {
  const auto is = [&](const Made& made, bool legal, const std::string& words_of_it) {
    const std::string text = refusal(made);
    EXPECT_EQ(text.empty(), legal) << words_of_it << ": " << text;
    EXPECT_NE(legal ? 0 : text.find(words_of_it), std::string::npos) << text;
  };
  // 2.1: layouts of global memory that TLOAD and TSTORE from Acc know.
  const std::set<Layout> load_a2a3 = {Layout::ND, Layout::DN, Layout::NZ, Layout::NC1HWC0, Layout::NDC1HWC0, Layout::FRACTAL_Z};
  const std::set<Layout> store_a2a3 = {Layout::ND, Layout::NZ, Layout::NC1HWC0, Layout::NDC1HWC0};
  const std::set<Layout> store_a5 = {Layout::ND, Layout::NZ, Layout::NHWC, Layout::NCHW, Layout::NCDHW};
  for (int number = 0; number < static_cast<int>(Layout::MAX); ++number) {
    const Layout layout = static_cast<Layout>(number);
    is(Made(Op::TLOAD, 2).global(1, layout), a5() || load_a2a3.contains(layout),
       "TLOAD: a2a3 does not have this instruction for the layout");
    is(Made(Op::TSTORE_ACC, 2).global(0, layout), (a5() ? store_a5 : store_a2a3).contains(layout), "TSTORE from Acc: ");
    is(Made(Op::TSTORE_VEC, 2).global(0, layout), true, "");
  }
  // Vec to Vec: a change from rows to boxes is a5's; ND to DN is not told apart.
  for (const PtoTileLayout from : {kPtoNd, kPtoDn, kPtoNz, kPtoZn, kPtoZz, kPtoNn}) {
    for (const PtoTileLayout to : {kPtoNd, kPtoDn, kPtoNz, kPtoZn, kPtoZz, kPtoNn}) {
      is(Made(Op::TMOV_V2V, 2).tile_layout(1, from).tile_layout(0, to), a5() || from == to || to == kPtoNd || to == kPtoDn,
         "TMOV from Vec to Vec: a2a3 does not have this instruction with a change of the arrangement");
    }
  }
  // 2.5: i32 on a2a3 compares for equality only.
  for (int mode = 0; mode < 6; ++mode) {
    for (const int code : {kPtoI32, kPtoF32}) {
      Made made(Op::TCMP, 3);
      made.element(0, a5() ? kPtoU32 : kPtoU8).element(1, code).element(2, code).instruction.attributes.index[0] = mode;
      is(made, a5() || mode == 0 || code == kPtoF32, "TCMP: a2a3 does not have comparisons other than EQ for elements i32");
    }
  }
  // 2.6: TGATHER by index (three operands), TSCATTER by pattern (two).
  for (int code = 0; code < kPtoElementCount; ++code) {
    const bool small = words("i16 u16 i32 u32 f16 bf16 f32").contains(element_name(static_cast<uint8_t>(code)));
    const bool twin = code == kPtoF4E2M1x2 || code == kPtoF4E1M2x2;
    is(Made(Op::TGATHER, 3).element(0, code).element(1, code), a5() ? !twin : small, "TGATHER: ");
    is(Made(Op::TGATHER, 2).element(0, code).element(1, code), true, "");
    is(Made(Op::TSCATTER, 2).element(0, code).element(1, code), small, "TSCATTER: ");
    is(Made(Op::TSCATTER, 3).element(0, code).element(1, code), true, "");
  }
}

INSTANTIATE_TEST_SUITE_P(Generations, LegalityTest, testing::Values(&CoreArch::a2a3(), &CoreArch::a5()),
                         [](const auto& info) { return std::string(info.param->name); });

/// What the headers see of the types is what the simulator sees of the instruction.
template <typename Element>
void expect_same_view(int code) {
  using TileOf = pto::Tile<pto::TileType::Vec, Element, 32, 32, pto::BLayout::ColMajor, 32, 32, pto::SLayout::RowMajor>;
  using GlobalOf = pto::GlobalTensor<Element, pto::Shape<1, 1, 1, 32, 32>, pto::Stride<1, 1, 1, 1, 32>, Layout::DN>;
  using Form = pto::detail::FormOf<TileOf, GlobalOf>;
  EXPECT_EQ(Form::operand_count(), 2);
  EXPECT_EQ(Form::element(0), static_cast<uint32_t>(code));
  EXPECT_EQ(Form::element(1), static_cast<uint32_t>(code));
  EXPECT_EQ(Form::tile_layout(0), uint32_t{kPtoNz});
  EXPECT_EQ(Form::global_layout(0), -1);
  EXPECT_EQ(Form::global_layout(1), static_cast<int>(Layout::DN));
}
TEST(Legality, HeadersSeeInTypesWhatInstructionsCarry) {
  expect_same_view<float>(kPtoF32);
  expect_same_view<half>(kPtoF16);
  expect_same_view<bfloat16_t>(kPtoBf16);
  expect_same_view<int8_t>(kPtoI8);
  expect_same_view<uint32_t>(kPtoU32);
  expect_same_view<int64_t>(kPtoI64);
  expect_same_view<pto::float8_e5m2_t>(kPtoF8E5M2);
  expect_same_view<pto::hifloat8_t>(kPtoHif8);
}

class StrictKernelTest : public isa_test::IsaTest {};

TEST_F(StrictKernelTest, AComparisonOfI32OnA2A3IsForEqualityOnly) {
  pto::Tile<pto::TileType::Vec, int32_t, 16, 32> ints;
  pto::Tile<pto::TileType::Vec, float, 16, 32> floats;
  pto::Tile<pto::TileType::Vec, uint8_t, 16, 32> mask;
  TASSIGN(ints, 0);
  TASSIGN(floats, 0);
  TASSIGN(mask, 4096);
  for (int mode = 0; mode < 6; ++mode) {
    const pto::CmpMode cmp = static_cast<pto::CmpMode>(mode);
    EXPECT_EQ(error_of([&] { TCMP(mask, floats, floats, cmp); }).code, 0);
    const KernelError error = error_of([&] { TCMP(mask, ints, ints, cmp); });
    EXPECT_EQ(error.code, mode == 0 ? 0 : 1007);
    EXPECT_EQ(error.text.starts_with("TCMP: a2a3 does not have modes other than EQ"), mode != 0) << error.text;
  }
}

// ---- the page ---------------------------------------------------------------------------------------------------

using pto::legality::Property;
using pto::legality::Rule;
using pto::legality::Set;

std::string cell(Set set) {
  if (set == pto::legality::kAny) return "any";
  std::string yes, no;
  int missing = 0;
  for (int code = 0; code < kPtoElementCount; ++code) {
    std::string& list = pto::legality::contains(set, static_cast<uint32_t>(code)) ? yes : no;
    missing += &list == &no;
    list += (list.empty() ? "" : " ") + std::string(element_name(static_cast<uint8_t>(code)));
  }
  return missing <= 2 ? "all but " + no : yes;
}

std::string layouts(Set set) {
  static const std::map<int, const char*> names = {{0, "ND"},         {1, "DN"},    {2, "NZ"},    {12, "NC1HWC0"}, {17, "NDC1HWC0"},
                                                   {19, "FRACTAL_Z"}, {16, "NHWC"}, {14, "NCHW"}, {18, "NCDHW"}};
  if (set == pto::legality::kAny) return "any";
  std::string text;
  for (const auto& [bit, name] : names) {
    if (pto::legality::contains(set, static_cast<uint32_t>(bit))) text += (text.empty() ? "" : " ") + std::string(name);
  }
  return text;
}

std::string row_of(const Rule& rule) {
  const bool destination = rule.operand == 0;
  std::string form, cells[2];
  for (const int g : {0, 1}) {
    const Set set = rule.allowed[g];
    switch (rule.property) {
      case Property::kInstruction: cells[g] = set != 0 ? "yes" : "no"; break;
      case Property::kElement: cells[g] = set != 0 ? cell(set) : "no"; break;
      case Property::kGlobalLayout: cells[g] = layouts(set); break;
      case Property::kRearranged: cells[g] = set == pto::legality::kAny ? "yes" : "no"; break;
      case Property::kOtherThanEq: cells[g] = set == pto::legality::kAny ? "yes" : "not i32"; break;
    }
  }
  switch (rule.property) {
    case Property::kInstruction: form = ""; break;
    case Property::kElement: form = destination ? "elements" : "elements of the source"; break;
    case Property::kGlobalLayout: form = "layout of global memory"; break;
    case Property::kRearranged: form = "into boxes from another arrangement"; break;
    case Property::kOtherThanEq: form = "modes other than EQ"; break;
  }
  if (rule.operand_count == 3) form += ", by index";
  if (rule.operand_count == 2) form += ", by pattern";
  return "| `" + isa::instruction_name(rule.op) + "` | " + form + " | " + cells[0] + " | " + cells[1] + " |\n";
}

std::string page() {
  std::string text =
      "# Instructions by platform\n\n"
      "What each chip generation has, as the tables of the tile instruction set name it: `a2a3sim` and `a2a3` are the first column, "
      "`a5sim`\n"
      "and `a5` the second. The source is `include/pto/common/legality.hpp`; this page is written by the test `legality_test` (with\n"
      "`TW_WRITE_DOCS=1`), which also compares the table with a second reading of the specification.\n\n"
      "What a platform does not have is refused: by the compiler, in one line that names instruction, form, platform and the line of the "
      "kernel,\n"
      "and by a simulated device when an instruction reaches it all the same (error 1007 in the kernel's report). A kernel that was "
      "compiled for\n"
      "the other generation is refused when it is loaded. Host test programs may use what either generation has, unless they define\n"
      "`PTO_STRICT_ARCH`.\n\n"
      "Refused by their spelling: on a2a3 pipes with the directions `DIR_C2V_GM`, `DIR_V2C_GM`, `DIR_BOTH_GM`, `TINSERT` with a "
      "`TInsertMode`, and\n"
      "tiles in the scale memories. `ffts_cross_core_sync` and `wait_flag_dev` are a2a3's and accepted on a5 as well; `TSUBVIEW` and "
      "`TPRINT`,\n"
      "which the specification did not find for a5, are accepted too. Where the specification names no types for a generation, none is "
      "refused.\n\n"
      "| instruction | what | a2a3 | a5 |\n|---|---|---|---|\n";
  std::set<Op> restricted;
  for (const Rule& rule : pto::legality::kRules) {
    text += row_of(rule);
    restricted.insert(rule.op);
  }
  text += "\nOn both, with every element type and layout that [instructions](instructions.md) has:\n";
  std::string line, rest;
  for (int op = 0; op < kOps; ++op) {
    if (restricted.contains(static_cast<Op>(op)) || op == static_cast<int>(Op::SCALAR_GET) || op == static_cast<int>(Op::SCALAR_SET))
      continue;
    const std::string name = "`" + isa::instruction_name(static_cast<Op>(op)) + "`";
    if (line.size() + name.size() > 130) rest += line + "\n", line.clear();
    line += (line.empty() ? "" : " ") + name;
  }
  return text + rest + line + "\n";
}

TEST(Legality, ThePageShowsTheTable) {
  const std::string path = std::string(TW_SOURCE_DIR) + "/docs/reference/platform-instructions.md";
  if (std::getenv("TW_WRITE_DOCS") != nullptr) write_file_atomically(path, page());
  EXPECT_TRUE(read_file(path) == page()) << path << " differs from the table; TW_WRITE_DOCS=1 writes it anew";
}

}  // namespace
}  // namespace tilewright
