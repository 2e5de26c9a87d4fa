"""The hub beside its peers: the same work, the same source and sink, one run.

`make bench-setup` makes an environment per peer under `.cache/bench`; `make bench` measures.
Nothing of this is part of the package that is installed.
"""
