/* packages.c - what makes the folder of an exported network a library of Arduino and a module of Zephyr */

#include "export/packages.h"

void packages_arduino(FILE *to, const emit_names *n)
{
    fprintf(to, "name=%s\nversion=%s\nauthor=planaria export\nmaintainer=planaria export\nsentence=A neural network in integers.\n"
                "paragraph=The calls are in %s.h.\ncategory=Data Processing\nurl=https://docs.arduino.cc/libraries/\narchitectures=*\nincludes=%s.h\n",
            n->lower, pln_version(), n->lower, n->lower);
}

void packages_sketch(FILE *to, const integer_net *net, const emit_names *n)
{
    fprintf(to, "/* Reads samples of %d bytes from the serial line and prints the class of each%s. */\n\n#include <%s.h>\n\n"
                "static %s_state state;\nstatic uint8_t x[%s_INPUTS];\n\n"
                "void setup()\n{\n    Serial.begin(115200);\n    %s_init(&state);\n}\n\n"
                "void loop()\n{\n    if (Serial.readBytes(reinterpret_cast<char *>(x), sizeof x) == sizeof x) Serial.println(%s_%s(&state, x));\n}\n",
            net->edge[0].inputs, net->learns ? ", and learns from it" : "", n->lower, n->lower, n->upper, n->lower, n->lower,
            net->learns ? "learn" : "infer");
}

void packages_zephyr_module(FILE *to, const emit_names *n) { fprintf(to, "name: %s\nbuild:\n  cmake: zephyr\n", n->lower); }

void packages_zephyr_cmake(FILE *to, const emit_names *n, const char *const *sources, int count)
{
    fprintf(to, "zephyr_library_named(%s)\nzephyr_library_sources(${CMAKE_CURRENT_LIST_DIR}/../%s.c", n->lower, n->lower);
    for (int k = 0; k < count; k++) fprintf(to, "\n  ${CMAKE_CURRENT_LIST_DIR}/../%s", sources[k]);
    fprintf(to, ")\nzephyr_include_directories(${CMAKE_CURRENT_LIST_DIR}/..)\n");
}
