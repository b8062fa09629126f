"""The shop platforms we fetch orders from, one module each; none of them knows the rest of the program."""
