# The orchestrations that --emit-orchestration prints, as one source: each in a namespace, its entries with a number.
BEGIN { print "#include \"pto_orchestration_api.h\"" }
/^#include/ { if (n++) print "}"; print "namespace orchestration_" n " {"; next }
{ gsub("aicpu_orchestration_(entry|config)", "&_" n); print }
END { print "}" }
