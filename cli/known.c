/* known.c - the data sets that planaria knows by name */

#include "known.h"

#include <string.h>

static const known_set sets[] = {
    { "mnist", "70,000 handwritten digits, 28 x 28 grey pixels, 10 classes", "CC BY-SA 3.0",
      "Y. LeCun, C. Cortes, C. Burges, http://yann.lecun.com/exdb/mnist/",
      { "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist" },
      { { "train-images-idx3-ubyte", 47040016,
          "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" },
        { "train-labels-idx1-ubyte", 60008,
          "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" },
        { "t10k-images-idx3-ubyte", 7840016,
          "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" },
        { "t10k-labels-idx1-ubyte", 10008,
          "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" } } },
    { "fashion-mnist", "70,000 pieces of clothing, 28 x 28 grey pixels, 10 classes", "MIT",
      "Zalando SE, https://github.com/zalandoresearch/fashion-mnist",
      { "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion" },
      { { "train-images-idx3-ubyte", 47040016,
          "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888" },
        { "train-labels-idx1-ubyte", 60008,
          "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9" },
        { "t10k-images-idx3-ubyte", 7840016,
          "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b" },
        { "t10k-labels-idx1-ubyte", 10008,
          "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34" } } },
};

enum { SETS = sizeof sets / sizeof sets[0] };

const known_set *known_at(int n)
{
    return n >= 0 && n < SETS ? &sets[n] : NULL;
}

const known_set *known_find(const char *name)
{
    for (int n = 0; n < SETS; n++)
        if (strcmp(sets[n].name, name) == 0) return &sets[n];
    return NULL;
}
