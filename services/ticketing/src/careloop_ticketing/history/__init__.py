"""Proof that nobody changed what happened: anchors over the heads of the chains, and the verifier of both."""
