"""The same work done by workers: the same facts, whoever is killed in the middle."""
