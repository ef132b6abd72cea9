// A shared object that is no platform plug-in.
extern "C" int not_a_plugin() { return 1; }
