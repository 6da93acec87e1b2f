#ifndef XLING_CFILES_H
#define XLING_CFILES_H

/// Two names of one file system change places at once, each whole at every moment (renameat2, which
/// Swift's Glibc does not show). 0, or the error number: EINVAL where the file system cannot.
int xling_exchange(const char *first, const char *second);

/// The magic number of the file system that holds `path` (statfs, which Swift's Glibc does not show); 0 where
/// the system does not say.
unsigned int xling_file_system(const char *path);

#endif
