"""A request that is not answered, and why."""


class Refusal(Exception):
    """An answer of 400 and above, with a message for whoever asked.

    Args:
        status: of HTTP.
        message: what was wanted, what came, what to do.
        headers: such as Retry-After.
    """

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
