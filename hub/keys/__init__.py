"""The keys: the only room that touches key bytes (design §5). It sees bytes; the unit stores them."""
