/* known.c - data sets that have a name: where they come from, and their sums
 *
 * Mirrors wrap the IDX files of MNIST differently, so sums are of their contents;
 * those of archives and .mat files are of the files as they are published. */

#include "sets/known.h"

#include <stdio.h>
#include <string.h>

const known_set known_sets[] = {
    { .name = "mnist", .about = "28x28 grey, 10 digits", .zipped = true, .most = 64 << 20,
      .mirrors = { "https://ossci-datasets.s3.amazonaws.com/mnist",
                   "https://storage.googleapis.com/cvdf-datasets/mnist", "http://yann.lecun.com/exdb/mnist" },
      .file = { { "train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db" },
                { "train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5" },
                { "t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7" },
                { "t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2" } } },
    { .name = "fashion-mnist", .about = "28x28 grey, 10 kinds of clothing", .zipped = true, .most = 64 << 20,
      .mirrors = { "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
                   "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion" },
      .file = { { "train-images-idx3-ubyte", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888" },
                { "train-labels-idx1-ubyte", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9" },
                { "t10k-images-idx3-ubyte", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b" },
                { "t10k-labels-idx1-ubyte", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34" } } },
    { .name = "cifar10", .folder = "cifar-10-batches-bin", .about = "32x32 colour, 10 classes", .most = 256 << 20,
      .mirrors = { "https://www.cs.toronto.edu/~kriz" },
      .file = { { "cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd" } } },
    { .name = "cifar100", .folder = "cifar-100-binary", .about = "32x32 colour, 100 classes in 20 groups", .most = 256 << 20,
      .mirrors = { "https://www.cs.toronto.edu/~kriz" },
      .file = { { "cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec" } } },
    { .name = "svhn", .about = "32x32 colour, 10 digits", .most = 256 << 20,
      .mirrors = { "http://ufldl.stanford.edu/housenumbers" },
      .file = { { "train_32x32.mat", "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8" },
                { "test_32x32.mat", "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b" } } },
    { .name = "tiny-imagenet", .folder = "tiny-imagenet-200", .about = "64x64 colour, 200 classes",
      .most = 512 << 20, .mirrors = { "http://cs231n.stanford.edu" },
      .unpacked = { "tiny-imagenet-200/train/", "tiny-imagenet-200/val/", "tiny-imagenet-200/wnids.txt" },
      .file = { { "tiny-imagenet-200.zip", "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821" } } },
    { .name = "nmnist", .folder = "N-MNIST", .about = "events of 34x34 pixels, 10 digits",
      .by_hand = "unzip Train.zip and Test.zip of https://www.garrickorchard.com/datasets/n-mnist" },
};
const int known_count = (int)(sizeof known_sets / sizeof known_sets[0]);

const known_set *known_find(const char *name)
{
    for (int i = 0; i < known_count; i++)
        if (strcmp(known_sets[i].name, name) == 0) return &known_sets[i];
    return NULL;
}

void known_remedy(const char *name, char *text, size_t capacity)
{
    const known_set *set = known_find(name);

    if (!set)              snprintf(text, capacity, "name its folder with --data");
    else if (set->by_hand) snprintf(text, capacity, "name its folder with --data; to get it, %s", set->by_hand);
    else                   snprintf(text, capacity, "name its folder with --data%s or get it by 'planaria data fetch %s'",
                                    strcmp(name, "fashion-mnist") == 0 ? ", 'apt install dataset-fashion-mnist'," : "", name);
}
