#include "harness/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace tilewright::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Row make_row(const std::string& system, const std::string& shape, const std::string& layout, double value) {
  Row row;
  row.system = system;
  row.fields = {{"shape", shape}, {"layout", layout}, {"threads", int64_t{2}}};
  row.metric = "ns_per_task";
  row.unit = "ns";
  row.set_samples({value});
  return row;
}

Report make_report() { return Report("example", {"a cpu", 2, "Linux 1", "g++ 12", 0.5}); }

const TableLayout kLayout{{"shape", "layout"}, "ours"};

/// Whether the table has a line of these cells, however wide its columns are.
::testing::AssertionResult has_line(const std::string& table, const std::vector<std::string>& cells) {
  std::string squeezed;
  for (char c : table) {
    if (c != ' ' || (!squeezed.empty() && squeezed.back() != ' ')) squeezed += c;
  }
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "\n" : " ") + cell;
  if (squeezed.find(line + "\n") != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << line << "\nis not in\n" << table;
}

TEST(Report, RatiosAreAgainstTheBaselineOfTheSameGroup) {
  Report report = make_report();
  report.add(make_row("ours", "chain", "own", 10));
  report.add(make_row("theirs", "chain", "own", 250));
  report.add(make_row("ours", "wave", "own", 20));
  report.add(make_row("theirs", "wave", "own", 30));
  const std::string table = report.table(kLayout);
  EXPECT_TRUE(has_line(table, {"chain", "own", "theirs", "ns_per_task (ns)", "250.0", "250.0", "250.0", "1", "25.00"}));
  EXPECT_TRUE(has_line(table, {"wave", "own", "theirs", "ns_per_task (ns)", "30.0", "30.0", "30.0", "1", "1.50"}));
  EXPECT_TRUE(has_line(table, {"chain", "own", "ours", "ns_per_task (ns)", "10.0", "10.0", "10.0", "1", "1.00"}));
}

TEST(Report, WithoutABaselineThereIsNoRatio) {
  Report report = make_report();
  report.add(make_row("theirs", "chain", "own", 5));
  EXPECT_TRUE(has_line(report.table(kLayout), {"chain", "own", "theirs", "ns_per_task (ns)", "5.00", "5.00", "5.00", "1", "-"}));
}

TEST(Report, ASystemThatDoesNotTellGroupsApartIsInEachOfThem) {
  Report report = make_report();
  report.add(make_row("ours", "chain", "own", 10));
  report.add(make_row("ours", "chain", "one", 5));
  report.add(make_row("edges", "chain", "any", 50));
  const std::string table = report.table(kLayout);
  EXPECT_TRUE(has_line(table, {"chain", "own", "edges", "ns_per_task (ns)", "50.0", "50.0", "50.0", "1", "5.00"}));
  EXPECT_TRUE(has_line(table, {"chain", "one", "edges", "ns_per_task (ns)", "50.0", "50.0", "50.0", "1", "10.00"}));
}

TEST(Report, ASystemThatTellsNoGroupsApartStandsAloneIfNothingElseIsThere) {
  Report report = make_report();
  report.add(make_row("edges", "chain", "any", 50));
  EXPECT_TRUE(has_line(report.table(kLayout), {"chain", "any", "edges", "ns_per_task (ns)", "50.0", "50.0", "50.0", "1", "-"}));
}

TEST(Report, ConstantFactsAreSaidOncePerSystem) {
  Report report = make_report();
  report.add(make_row("ours", "chain", "own", 10));
  report.add(make_row("ours", "chain", "one", 5));
  EXPECT_THAT(report.table(kLayout), HasSubstr("  ours: threads: 2\n"));
}

TEST(Report, TextsThatDifferAreAllSaidAndNumbersThatDifferAreNot) {
  Report report = make_report();
  for (const char* note : {"alone", "together", "alone"}) {
    report.add(make_row("ours", "chain", "own", 10));
    Row row = make_row("ours", "chain", "own", 10);
    row.fields.push_back({"note", std::string(note)});
    row.fields.push_back({"seed", static_cast<int64_t>(report.rows().size())});
    report.add(row);
  }
  EXPECT_EQ(report.remarks(kLayout), "  ours: threads: 2; note: alone, together\n");
}

TEST(Report, ARowWithoutAValueIsShownWithItsWholeReason) {
  Report report = make_report();
  Row row = make_row("theirs", "chain", "own", 1);
  row.value.reset();
  row.error = std::string(5000, 'x') + " end";
  report.add(row);
  report.add(make_row("theirs", "wave", "own", 1));
  EXPECT_TRUE(report.has_failures());
  EXPECT_THAT(report.table(kLayout), HasSubstr("  theirs: failed (chain own): " + row.error + "\n"));
}

TEST(Report, ASystemThatIsNotThereIsSaidOnceAndIsNoFailure) {
  Report report = make_report();
  for (const char* shape : {"chain", "wave"}) {
    Row row = make_row("theirs", shape, "own", 1);
    row.value.reset();
    row.absence = Absence::kNotFound;
    row.error = "install it";
    report.add(row);
  }
  EXPECT_FALSE(report.has_failures());
  const std::string table = report.table(kLayout);
  EXPECT_THAT(table, HasSubstr("  theirs: not found (everywhere): install it\n"));
  EXPECT_TRUE(has_line(table, {"wave", "own", "theirs", "ns_per_task (ns)", "not found", "-", "-", "0", "-"}));
}

TEST(Report, TheFileHoldsCaseMachineAndRows) {
  Report report = make_report();
  report.add(make_row("ours", "chain", "own", 10));
  EXPECT_FALSE(report.has_failures());
  const TemporaryDirectory directory;
  const auto path = directory.path() / "new" / "example.json";
  report.write(path);
  const auto json = nlohmann::json::parse(read_file(path));
  EXPECT_EQ(json.at("case"), "example");
  EXPECT_EQ(json.at("machine").at("cpu"), "a cpu");
  EXPECT_EQ(json.at("machine").at("cores"), 2);
  const auto& row = json.at("rows").at(0);
  EXPECT_EQ(row.at("system"), "ours");
  EXPECT_EQ(row.at("shape"), "chain");
  EXPECT_EQ(row.at("metric"), "ns_per_task");
  EXPECT_EQ(row.at("value"), 10.0);
  EXPECT_EQ(row.at("unit"), "ns");
  EXPECT_EQ(row.at("runs"), 1);
}

TEST(Report, AnUnwritablePlaceIsNamed) {
  const TemporaryDirectory directory;
  write_file_atomically(directory.path() / "file", "");
  try {
    make_report().write(directory.path() / "file" / "example.json");
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("file"));
    EXPECT_THAT(error.what(), Not(HasSubstr("Success")));
  }
}

TEST(Machine, SaysWhatItIs) {
  const Machine machine = describe_machine();
  EXPECT_FALSE(machine.cpu.empty());
  EXPECT_GE(machine.cores, 1);
  EXPECT_THAT(machine.kernel, HasSubstr("Linux"));
  EXPECT_FALSE(machine.compiler.empty());
}

}  // namespace
}  // namespace tilewright::bench
