// tw-device: the process in which a simulated device runs. Workers start it (docs/design/worker.md).
#include "worker/device_server.h"

int main(int argc, char** argv) { return tilewright::device_program_main(argc, argv, tilewright::make_simulated_device); }
