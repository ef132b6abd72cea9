# The kernels that --emit-kernel prints, as one source: each in a namespace, its entry with a number.
BEGIN { print "#include <pto/pto-inst.hpp>\n\n#include \"intrinsic.h\"\n#include \"tensor.h\"" }
/^#include/ { next }
/^\/\/ AI[CV]: / { if (n++) print "}"; print "namespace kernel_" n " {" }
{ gsub("kernel_entry", "kernel_entry_" n); print }
END { print "}" }
