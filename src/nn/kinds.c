/* kinds.c - the kinds of layers by their names, and layers by these and their options */

#include "base/check.h"
#include "nn/kinds.h"

#include <string.h>

static const plni_layer_ops *const kinds[] = {
#define PLNI_LAYER(kind) &plni_##kind##_ops,
#include "nn/layers.def"
#undef PLNI_LAYER
};

const plni_layer_ops *plni_kind_nth(int number) { return number < (int)(sizeof kinds / sizeof kinds[0]) ? kinds[number] : NULL; }

const plni_layer_ops *plni_kind_find(const char *name)
{
    const plni_layer_ops *ops;

    for (int k = 0; (ops = plni_kind_nth(k)) != NULL; k++)
        if (strcmp(ops->name, name) == 0) return ops;
    return NULL;
}

const pln_option *pln_layer_options(const char *kind)
{
    const plni_layer_ops *ops = plni_kind_find(kind);
    return ops ? ops->options : NULL;
}

void plni_append_json(pln_net *net, const char *kind, const json_t *options)
{
    const plni_layer_ops *ops = plni_kind_find(kind);
    _Alignas(8) unsigned char own[PLNI_OWN] = { 0 };

    if (!ops) (void)plni_refuse(net, PLN_ERR_FORMAT, "there is no such kind of layer", 0);
    if (net->error) return;
    const pln_status status = plni_option_take(net->ctx, ops->options, own, options);
    if (status == PLN_OK) plni_append(net, ops, own, sizeof own);
    else                  net->error = status;
}

void pln_net_layer_from(pln_net *net, const char *kind, const char *options)
{
    json_t *json = options ? json_loads(options, JSON_REJECT_DUPLICATES, NULL) : json_object();

    if (!json_is_object(json)) (void)plni_refuse(net, PLN_ERR_FORMAT, "its options are no JSON object", 0);
    else                       plni_append_json(net, kind, json);
    json_decref(json);
}
