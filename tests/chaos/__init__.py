"""What many, malformed, misdirected and cut-off requests leave behind: small in `make test`, large in `make chaos`."""
