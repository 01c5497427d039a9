// headers.cc - the public headers are valid C++, too
#include <planaria.h>

#include <type_traits>

static_assert(PLN_STATUS_COUNT > 1, "there are statuses");
static_assert(std::is_same<decltype(pln_version()), const char *>::value, "functions are declared");

int main()
{
    pln_tensor t = { nullptr, 1, { 0 } };
    return pln_tensor_count(&t) != 0;
}
