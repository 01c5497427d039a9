// user.cc - a program in C++ that uses the library
#include <planaria.h>

#include <cstdio>

int main()
{
    pln_ctx *ctx = pln_ctx_new(nullptr);
    pln_net *net = pln_net_new(ctx);

    pln_net_input(net, 3);
    pln_net_dense(net, 2);
    if (pln_net_ready(net) != PLN_OK) return 1;
    std::printf("%d outputs\n", pln_net_outputs(net));
    pln_net_free(net);
    pln_ctx_free(ctx);
}
