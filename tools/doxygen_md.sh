#!/bin/sh
# A page as Doxygen reads it: links to parts of the page itself name the page, since the parts have other names there.
sed "s/](#/]($(basename "$1")#/g" "$1"
