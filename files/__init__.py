"""A shop's exports: read line by line, checked, and stored as if the shop had sent them."""
