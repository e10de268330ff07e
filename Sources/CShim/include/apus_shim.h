int apus_shim_main(int argc, char **argv);
