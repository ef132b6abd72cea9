// tw-bench-isa: every instruction form on one core beside a plain -O3 loop, and beside Eigen and OpenBLAS where they have it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <regex>

#include "harness/case_main.h"
#include "harness/text_table.h"
#include "isa/bench_core.h"
#include "isa/forms.h"

namespace tilewright::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSampleNs = 60'000;  // what one sample takes at least
constexpr double kListedRatio = 3;

struct Options {
  std::string forms = ".*";
  std::string shapes = ".*";
  int runs = 15;
  OutputOptions output;
};

double nanoseconds(const Work& work, int64_t iterations) {
  const Clock::time_point start = Clock::now();
  for (int64_t i = 0; i < iterations; ++i) work();
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(iterations);
}

struct System {
  std::string name;
  Work work;
  int64_t iterations = 1;
  std::vector<double> samples;
};

/// Samples of the systems in turn, so that a disturbance meets all of them.
void measure(std::vector<System>& systems, int runs) {
  for (System& system : systems) {
    double once = nanoseconds(system.work, 1);
    while (once * static_cast<double>(system.iterations) < kSampleNs && system.iterations < 1'000'000) {
      system.iterations = std::max(system.iterations * 2, static_cast<int64_t>(kSampleNs / std::max(once, 1.0)));
      once = nanoseconds(system.work, system.iterations);
    }
  }
  for (int run = 0; run < runs; ++run) {
    for (System& system : systems) system.samples.push_back(nanoseconds(system.work, system.iterations));
  }
}

Row make_row(const Form& form, std::string system) {
  Row row;
  row.system = std::move(system);
  row.fields = {{"form", form.name}, {"type", form.type}, {"shape", form.shape}};
  row.metric = "time";
  row.unit = "ns";
  return row;
}

/// Absolute targets; the ones that compare systems are ratios in the table.
double target_ns(const Form& form) {
  if (form.name == "TEXP" && form.type == "f32" && form.shape == "128x128") return 10'000;
  if (form.name == "TLOAD ND" && form.type == "f32" && form.shape == "16x16") return 60;
  return 0;
}

/// One line a form, systems side by side.
struct Line {
  const Form* form;
  double tile = 0, plain = 0, eigen = 0, openblas = 0, target = 0;
};

Line measure_form(const Form& form, const Options& options, Report& report) {
  const Prepared prepared = form.prepare();
  Line line{&form};
  prepared.tile();
  if (prepared.plain) prepared.plain();
  if (prepared.error) {
    if (const double error = prepared.error(); !(error <= form.tolerance)) {
      Row row = make_row(form, "tilewright");
      row.error = fmt::format("differs from the plain loop by {}, and {} is allowed", error, form.tolerance);
      report.add(std::move(row));
      return line;
    }
  }
  std::vector<System> systems;
  const auto add = [&systems](const char* name, Work work) {
    if (work) systems.push_back({name, std::move(work), 1, {}});
  };
  add("tilewright", prepared.tile);
  add("plain_loop", prepared.plain);
  add("eigen", eigen_work(form.name, prepared.matrices));
  add("openblas", openblas_work(form.name, prepared.matrices));
  measure(systems, options.runs);
  for (System& system : systems) {
    const double middle = median(system.samples);
    (system.name == "tilewright"   ? line.tile
     : system.name == "plain_loop" ? line.plain
     : system.name == "eigen"      ? line.eigen
                                   : line.openblas) = middle;
    Row row = make_row(form, system.name);
    row.set_samples(std::move(system.samples));
    report.add(std::move(row));
  }
  line.target = target_ns(form);
  if (line.target != 0) {
    Row row = make_row(form, "target");
    row.set_samples({line.target});
    report.add(std::move(row));
  }
  return line;
}

std::string tables(const Report& report, const std::vector<Line>& lines) {
  const auto ns = [](double value) { return value == 0 ? std::string("-") : fmt::format("{:.0f}", value); };
  const auto ratio = [](double a, double b) { return a == 0 || b == 0 ? std::string("-") : fmt::format("{:.2f}", a / b); };
  TextTable table;
  table.add({"form", "type", "shape", "tilewright ns", "plain ns", "x plain", "eigen ns", "x eigen", "openblas ns", "x openblas"});
  for (const Line& line : lines) {
    table.add({line.form->name, line.form->type, line.form->shape, ns(line.tile), ns(line.plain), ratio(line.tile, line.plain),
               ns(line.eigen), ratio(line.tile, line.eigen), ns(line.openblas), ratio(line.tile, line.openblas)});
  }
  std::string text = report.heading() + "\n\n" + table.text(3);
  if (!has_eigen()) text += "\neigen: not found; install libeigen3-dev\n";
  if (!has_openblas()) text += "\nopenblas: not found; install libopenblas-dev\n";
  TextTable slow;
  for (const Line& line : lines) {
    if (line.plain > 0 && line.tile > kListedRatio * line.plain) {
      slow.add({line.form->name, line.form->type, line.form->shape, ratio(line.tile, line.plain)});
    }
  }
  const std::string slow_text = slow.text(3);
  text += fmt::format("\nslower than {} x the plain loop:{}\n{}", kListedRatio, slow_text.empty() ? " none" : "", slow_text);
  for (const Row& row : report.rows()) {
    if (!row.value) text += fmt::format("failed: {} {}: {}\n", to_text(*row.field("form")), to_text(*row.field("shape")), row.error);
  }
  return text;
}

int run(const Options& options) {
  const BenchCore core;
  Forms forms;
  for (const auto add : kFamilies) add(forms);
  const std::regex name(options.forms), shape(options.shapes);
  Report report("isa", describe_machine());
  std::vector<Line> lines;
  for (const Form& form : forms) {
    if (!std::regex_search(form.name + " " + form.type, name) || !std::regex_search(form.shape, shape)) continue;
    lines.push_back(measure_form(form, options, report));
  }
  return publish_tables(report, tables(report, lines), options.output);
}

}  // namespace
}  // namespace tilewright::bench

int main(int argc, char** argv) {
  tilewright::bench::Options options;
  CLI::App app(
      "Nanoseconds of each tile instruction on one simulated core, called as a kernel calls it, beside a plain -O3 loop over the same\n"
      "operands, Eigen and OpenBLAS. Results are compared before they are timed.\n"
      "Example: tw-bench-isa --forms 'TROW.* f32' --shapes 128x128",
      "tw-bench-isa");
  app.add_option("--forms", options.forms, "Regular expression; matches in \"NAME TYPE\"")->capture_default_str();
  app.add_option("--shapes", options.shapes, "Regular expression; matches in \"ROWSxCOLS\"")->capture_default_str();
  app.add_option("--runs", options.runs, "Samples of which the median is taken")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_flag("--quick", [&options](int64_t) { options.runs = 5; }, "Five samples");
  add_output_options(app, options.output);
  return tilewright::bench::run_program(app, argc, argv, [&] { return tilewright::bench::run(options); });
}
