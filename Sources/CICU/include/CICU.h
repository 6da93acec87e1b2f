#ifndef XLING_CICU_H
#define XLING_CICU_H

#endif
