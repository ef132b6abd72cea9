// tw: the command-line tool of Tilewright. See docs/reference/tw.md.
#include "command.h"

int main(int argc, char** argv) { return tilewright::run_tool(argc, argv); }
