#ifndef XLING_CKERNELS_H
#define XLING_CKERNELS_H

#endif
