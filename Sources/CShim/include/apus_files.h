#ifndef APUS_FILES_H
#define APUS_FILES_H

/* Opens a file below a folder for reading. The kernel refuses every path that leaves the folder,
 * by `..`, by an absolute path or by a symbolic link. -1 and errno on failure. */
int apus_open_beneath(int folder, const char *path);

#endif
