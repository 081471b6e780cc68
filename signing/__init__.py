"""Personal links for people without an account, and the signatures given through them.

A *request* asks one person (the *signatory*) for one thing about one document, frozen by its digest. A *link* is a
secret mailed to that person, of which only the SHA-256 is kept. Fetching it changes nothing; a person's POST opens a
*visit*, and what is done in a visit is an entry of the case. Where a request stands lies in rows; that it happened, in
the ledger.
"""
