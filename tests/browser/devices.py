"""A virtual authenticator of the browser, by its debugging protocol."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, CDPSession, Page


class Device:
    """The browser's virtual authenticator: one that verifies who holds it, until it is told not to."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.session: CDPSession = context.new_cdp_session(page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id = made["authenticatorId"]

    def verifies(self, verified: bool) -> None:  # a state of the device
        """Whether who holds it can be verified: without, the browser ends as it does when a person cancels."""
        self.session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": verified}
        )

    def count(self, number: int) -> None:
        """Put its only key's signature count."""
        held = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"]
        self.session.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})
        for one in held:
            self.session.send(
                "WebAuthn.addCredential",
                {"authenticatorId": self.id, "credential": {**one, "signCount": number}},
            )
