/* status.c - texts of the status codes, from the list in core.h */

#include "pln/core.h"

#define TEXT(x)   #x
#define NUMBER(x) TEXT(x)

const char *pln_version(void)
{
    return NUMBER(PLN_VERSION_MAJOR) "." NUMBER(PLN_VERSION_MINOR) "."
           NUMBER(PLN_VERSION_PATCH);
}

const char *pln_status_text(pln_status status)
{
    static const char *const texts[] = {
#define PLNI_STATUS(name, text) text,
        PLN_STATUS_LIST(PLNI_STATUS)
#undef PLNI_STATUS
    };

    if ((int)status < 0 || status >= PLN_STATUS_COUNT) return "unknown status";
    return texts[status];
}
