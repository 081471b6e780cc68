"""The ledger's pure core: entries, hashing, tree, proofs, checkpoints, verification."""
