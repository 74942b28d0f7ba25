"""What can go wrong with a network, by who has to act: the bundle is wrong, or the device is."""


class DetectorError(Exception):
    """Base of the detector's errors; the message is one line per problem."""


class BundleError(DetectorError):
    """The bundle cannot be used: card, checksum, or a network that does not fit its card."""


class UnknownBundleError(BundleError):
    """There is no such bundle: a name or path was mistaken, or nothing has been installed yet."""


class ProviderError(DetectorError):
    """The configured execution provider is not the one that would run."""
