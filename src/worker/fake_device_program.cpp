// A device program that serves a fake device: what tests start in the place of tw-device.
#include "worker/device_server.h"
#include "worker/fake_device.h"

int main(int argc, char** argv) { return tilewright::device_program_main(argc, argv, tilewright::make_fake_device); }
