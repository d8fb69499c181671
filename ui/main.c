#include <stdio.h>

#include "dialin/version.h"

int main(void)
{
    puts("dialin " DLN_VERSION);
    return 0;
}
