# Turns the comments of our headers into ones that Doxygen reads.
# The first line names the file and its purpose.
1s|^/\* \([^ ]*\) - |/** \\file\n * \\brief |
# A comment at the left margin belongs to what follows,
2,$s|^/\* \([^-]\)|/** \1|
# one behind a field or a constant to what is before it.
s|\([;,]\) *\(/\*\) \([^ ].*\)|\1 /**< \3|
