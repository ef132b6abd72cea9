// tw cache: what the object store holds, and making room in it.
#pragma once

namespace CLI {
class App;
}

namespace tilewright {

/// Adds "cache" with its subcommands list, prune, path and verify to `parent`. They run when `parent` is parsed, print
/// to stdout and set `exit_code` (0; 1 if verify found damage). `json` is also set by their own --json. Both must outlive
/// the parsing. Errors are thrown as tilewright::Error.
CLI::App* add_cache_command(CLI::App& parent, int& exit_code, bool& json);

}  // namespace tilewright
