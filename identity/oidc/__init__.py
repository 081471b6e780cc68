"""The company's directory as an OpenID Connect provider: what is asked of it, and what of its answers is believed."""
