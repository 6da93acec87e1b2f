#include "CTextRendering.h"
