"""Second factors of a signatory's own: what somebody enrolled once, and proves behind a link later."""
