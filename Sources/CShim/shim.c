#include "apus_shim.h"
int apus_shim_main(int argc, char **argv) { (void)argc; (void)argv; return 0; }
