"""Anchors: fixing a checkpoint where we cannot move it, so that a later rewrite by ourselves would show.

Two kinds go out from here. A **witness** (C2SP ``tlog-witness``) sees the log only grow and cosigns its checkpoint. A
**time-stamping authority** (RFC 3161) signs that the exact bytes of a checkpoint note existed at a moment. What comes
back is verified before it is believed, kept as an object, and told by an ``anchor.recorded`` entry.
"""
