"""What personal links are for beside signatures: an answer, an area's review, a secret shown once.

Each kind is a desk on the same office, links and visits as `signing.acting`; how a link is made, opened and dies is
told there and not repeated here.
"""
