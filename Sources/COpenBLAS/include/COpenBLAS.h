#ifndef XLING_COPENBLAS_H
#define XLING_COPENBLAS_H

#endif
