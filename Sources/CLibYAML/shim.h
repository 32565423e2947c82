#ifndef OPZ_CLIBYAML_H
#define OPZ_CLIBYAML_H
#include <yaml.h>
#endif
