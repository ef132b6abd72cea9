// Finding, loading and checking platform plug-ins. The plug-ins are copies of one file whose flaw is its name.
#include "platform/registry.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "platform/testdata/plugin_directory.h"

namespace tilewright {
namespace {

namespace fs = std::filesystem;
using Directories = std::vector<PlatformRegistry::Directory>;

class Plugins : public testing::Test {
 protected:
  fs::path add(const std::string& name, const fs::path& directory) {
    const fs::path file = directory / plugin_file_name(name);
    fs::copy_file(TW_FLAWED_PLUGIN, file);
    return file;
  }
  fs::path add(const std::string& name) { return add(name, directory_.path()); }
  fs::path add_text(const std::string& name, const std::string& content) {
    const fs::path file = directory_.path() / plugin_file_name(name);
    std::ofstream(file) << content;
    return file;
  }

  /// What find() and list() say of the plug-in `name`: both the same.
  std::string problem_of(const std::string& name) {
    PlatformRegistry registry(Directories{{directory_.path(), "test"}});
    std::string listed;
    for (const PlatformStatus& status : registry.list()) {
      if (status.name == name) listed = status.problem;
    }
    try {
      registry.find(name);
      EXPECT_EQ(listed, "") << name;
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPlatformUnavailable) << error.what();
      EXPECT_EQ(listed, error.message());
      return error.message();
    }
  }
  void expect_refused(const std::string& name, const std::string& why) {
    const fs::path file = add(name);
    EXPECT_EQ(problem_of(name), "platform " + name + ": the plug-in " + file.string() + " cannot be used: " + why);
  }

  const TemporaryDirectory& directory_ = directory_of_the_process();
};

TEST_F(Plugins, AGoodOneBecomesAPlatform) {
  const fs::path file = add("good");
  add("goodsim");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  const PlatformInfo& info = found.find("good");
  EXPECT_STREQ(info.name, "good");
  EXPECT_STREQ(info.arch, "a2a3");
  EXPECT_FALSE(info.simulated);
  EXPECT_EQ(info.aic_cores, 24);
  EXPECT_EQ(info.memory_bytes, uint64_t{1} << 30);
  ASSERT_NE(info.plugin, nullptr);
  EXPECT_EQ(info.plugin->file(), file);
  EXPECT_EQ(info.plugin->device_count(), 1);
  EXPECT_EQ(&found.find("good"), &info) << "loaded once";
  EXPECT_NO_THROW(found.require_available(info));
  EXPECT_TRUE(found.find("goodsim").simulated);
  const std::vector<PlatformStatus> all = found.list();
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[0].origin, "built in");
  EXPECT_EQ(all[2].origin, "");
  EXPECT_NE(all[2].problem, "");
  EXPECT_EQ(all[4].name, "good");
  EXPECT_EQ(all[4].origin, file.string());
  EXPECT_EQ(all[4].version, "1.0");
  EXPECT_EQ(all[4].problem, "");
  EXPECT_EQ(found.usable().size(), 6u);
  EXPECT_STREQ(found.usable()[4]->name, "good");
}

TEST_F(Plugins, AreNotLoadedBeforeTheyAreAskedFor) {
  add_text("broken", "this is no ELF file");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  EXPECT_STREQ(found.find("a2a3sim").name, "a2a3sim");
  EXPECT_THROW(found.find("broken"), Error);
}

TEST_F(Plugins, AnUnknownNameListsThemWithoutLoadingThem) {
  add_text("broken", "");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  try {
    found.find("a6");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnknownPlatform);
    EXPECT_EQ(error.message(), "unknown platform 'a6'");
    EXPECT_EQ(error.hint(),
              "use one of: a2a3sim, a5sim, a2a3, a5, broken; or put libtw_platform_a6.so into a directory of TW_PLATFORM_PATH");
  }
}

TEST_F(Plugins, TheFirstDirectoryWinsAndWhatItHidesIsListed) {
  const TemporaryDirectory& second = directory_of_the_process();
  const fs::path first_file = add("good");
  const fs::path hidden = add("good", second.path());
  PlatformRegistry found(
      Directories{{directory_.path(), "test"}, {"/not/there", "test"}, {second.path(), "test"}, {directory_.path(), "again"}});
  EXPECT_EQ(found.find("good").plugin->file(), first_file);
  const std::vector<PlatformStatus> all = found.list();
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[5].origin, hidden.string());
  EXPECT_EQ(all[5].info, nullptr);
  EXPECT_EQ(all[5].problem, "hidden by " + first_file.string());
}

TEST_F(Plugins, NamesOfBuiltInSimulatorsAreTaken) {
  add("a2a3sim");
  add("strange-name");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  EXPECT_EQ(found.find("a2a3sim").plugin, nullptr);
  const std::vector<PlatformStatus> all = found.list();
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all[4].problem, "the name is that of a built-in simulator");
  EXPECT_EQ(all[5].problem, "a platform's name has letters, digits and _ only");
  EXPECT_THROW(found.find("strange-name"), Error);
}

TEST_F(Plugins, ARealChipIsThePlatformOfItsPlugIn) {
  const fs::path file = add("a2a3");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  const PlatformInfo& info = found.find("a2a3");
  EXPECT_NE(info.plugin, nullptr);
  EXPECT_NO_THROW(found.require_available(info));
  const std::vector<PlatformStatus> all = found.list();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[2].origin, file.string());
  EXPECT_EQ(all[2].problem, "");
}

TEST_F(Plugins, WithoutOneARealChipSaysWhatIsMissingAndWhereItWasLookedFor) {
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  try {
    found.require_available(found.find("a5"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPlatformUnavailable);
    EXPECT_EQ(error.message(), "platform a5 is a real Ascend device and needs a Tilewright platform plug-in, none is installed");
    EXPECT_EQ(error.hint(), "use a5sim to simulate it, or put libtw_platform_a5.so into a directory of TW_PLATFORM_PATH (looked in: " +
                                directory_.path().string() + ")");
  }
}

TEST_F(Plugins, FilesThatAreNoSharedObjectOfThisMachine) {
  const auto expect = [this](const std::string& name, const std::string& content, const std::string& why) {
    add_text(name, content);
    const std::string problem = problem_of(name);
    EXPECT_NE(problem.find(why), std::string::npos) << problem;
  };
  expect("empty", "", "it is too short for a shared object");
  expect("text", std::string(100, 'x'), "it is no ELF file");
  std::string elf = read_file(TW_FLAWED_PLUGIN);
  std::string other = elf;
  other[18] = static_cast<char>(other[18] == 62 ? 183 : 62);  // e_machine: AArch64 for x86-64, and the other way round
  expect("foreign", other, other[18] == 62 ? "it is for x86-64, this machine is AArch64" : "it is for AArch64, this machine is x86-64");
  other = elf;
  other[4] = 1;
  expect("short_words", other, "it is no 64-bit shared object");
  other = elf;
  other[16] = 1;
  expect("relocatable", other, "it is no shared object");
  expect("cut", elf.substr(0, 3000), "it is cut off");
  fs::create_directory(directory_.path() / plugin_file_name("folder"));
  EXPECT_NE(problem_of("folder").find("it is no regular file"), std::string::npos);
  fs::create_symlink("/not/there", directory_.path() / plugin_file_name("dangling"));
  EXPECT_NE(problem_of("dangling").find("it is no regular file"), std::string::npos);
}

TEST_F(Plugins, ASharedObjectThatIsNoPlugIn) {
  fs::copy_file(TW_NO_PLUGIN, directory_.path() / plugin_file_name("library"));
  EXPECT_NE(problem_of("library").find("it does not export tw_platform_plugin_get"), std::string::npos) << problem_of("library");
}

TEST_F(Plugins, TablesThatCannotBeUsed) {
  const size_t size = sizeof(tw_platform_plugin);
  expect_refused("returns_null", "no driver found");
  expect_refused("returns_null_silently", "tw_platform_plugin_get returned null");
  expect_refused("throws", "tw_platform_plugin_get let an exception escape");
  expect_refused("tiny_table", "its table says that it has 4 bytes, which holds not even a version");
  expect_refused("short_table",
                 "its table has " + std::to_string(size - 8) + " bytes, version 1 of the interface has " + std::to_string(size));
  expect_refused("newer_version", "it is for version 2 of the plug-in interface, this Tilewright has version 1");
  expect_refused("no_poll", "its table lacks the function poll");
  expect_refused("no_describe", "its table lacks the function describe");
  expect_refused("no_name", "its table lacks name or version");
  expect_refused("another_name", "it calls itself 'somebody', its file is that of 'another_name'");
  add("long_table");
  EXPECT_EQ(problem_of("long_table"), "");
}

TEST_F(Plugins, DescriptionsThatCannotBe) {
  expect_refused("describe_fails", "the driver is too old");
  expect_refused("resizes_info", "describe changed struct_size to 4");
  expect_refused("unknown_arch", "its kernels are for 'a9'; known are a2a3 and a5");
  expect_refused("no_arch", "its kernels are for '(null)'; known are a2a3 and a5");
  expect_refused("a5", "its kernels are for a2a3");
  expect_refused("no_class", "platform_class 7 is neither hardware nor simulator");
  expect_refused("hardwaresim", "it is hardware: then its name must not end in 'sim'");
  expect_refused("simulator_by_another_name", "it is a simulator: then its name must end in 'sim'");
  expect_refused("nowhere", "orchestration 5 is neither on the host nor on the device");
  expect_refused("no_cores", "0 AIC cores");
  expect_refused("negative_cores", "-24 AIC cores");
  expect_refused("odd_cores", "47 AIV cores beside 24 AIC cores; a cluster has two and one");
  expect_refused("no_memory", "0 bytes of device memory");
  expect_refused("no_runtime", "runtimes 0x0 are no set of the three variants");
  expect_refused("small_ub", "its UB (Vec) has 195584 bytes, kernels of a2a3 count on 196608");
  expect_refused("small_fbuf", "its FBUF (Scaling) has 1024 bytes, kernels of a2a3 count on 2048");
  add("describe_throws");
  EXPECT_NE(problem_of("describe_throws").find("describe let an exception escape"), std::string::npos);
}

TEST_F(Plugins, RecipesThatCannotBeFollowed) {
  expect_refused("recipe_short", "its recipe has 8 bytes, version 1 has " + std::to_string(sizeof(tw_platform_recipe)));
  expect_refused("recipe_anonymous", "its recipe has no identity");
  expect_refused("recipe_no_aiv", "its recipe lacks AIC or AIV kernels");
  expect_refused("recipe_no_source", "the recipe for AIV kernels does not say {source}");
  expect_refused("recipe_unknown", "the recipe for AIC kernels has an unknown placeholder: {sauce}");
  expect_refused("recipe_glued", "the recipe for AIC kernels has an unknown placeholder: {flags}");
  expect_refused("recipe_empty_command", "the recipe for orchestrations has an empty command");
  expect_refused("recipe_open_end", "the recipe for orchestrations ends with &&");
  expect_refused("recipe_nothing", "the recipe for AIC kernels has no word");
  add("recipe");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  const CompileRecipe* const recipe = recipe_of(found.find("recipe"));
  ASSERT_NE(recipe, nullptr);
  EXPECT_EQ(recipe->identity, "cc 1");
  EXPECT_EQ(recipe->aic_kernel, (std::vector<CompileRecipe::Command>{{"cc", "{source}", "{output}", "{depfile}", "{includes}"}}));
  EXPECT_TRUE(recipe->orchestration.empty());
}

TEST_F(Plugins, ADeviceCountThatCannotBeIsTheirFault) {
  add("negative_count");
  PlatformRegistry found(Directories{{directory_.path(), "test"}});
  try {
    found.find("negative_count").plugin->device_count();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
    EXPECT_EQ(error.message(), "the plug-in of platform negative_count broke the rules of its interface: device_count says -3");
  }
}

TEST(PlatformPath, IsSplitAtColonsAndMadeAbsolute) {
  ASSERT_EQ(::setenv("TW_PLATFORM_PATH", ":/a/b::relative/../c:", 1), 0);
  const auto directories = PlatformRegistry::default_directories();
  ::unsetenv("TW_PLATFORM_PATH");
  ASSERT_GE(directories.size(), 2u);
  EXPECT_EQ(directories[0].path, "/a/b");
  EXPECT_EQ(directories[0].origin, "TW_PLATFORM_PATH");
  EXPECT_EQ(directories[1].path, fs::current_path() / "c");
  for (size_t i = 2; i < directories.size(); ++i) EXPECT_EQ(directories[i].origin, "installation");
}

TEST(PluginFiles, AreNamedAfterTheirPlatform) {
  EXPECT_EQ(plugin_file_name("a5"), "libtw_platform_a5.so");
  EXPECT_EQ(plugin_platform_name("/x/libtw_platform_a5.so"), "a5");
  for (const char* other : {"libtw_platform_.so", "libtw_platform_a5.so.1", "tw_platform_a5.so", "libtw_platform_a5.a", ""}) {
    EXPECT_EQ(plugin_platform_name(other), "") << other;
  }
}

}  // namespace
}  // namespace tilewright
