"""What a worker answers instead of a result."""


class Refusal(Exception):
    """A request that is not served: `code` says whose fault it is.

    `bad_input` is the caller's, `model_error` the model's, `interrupted` means that it took too long, `memory` that it did not fit.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def bad_input(message):
    """A failure that the caller can mend."""
    return Refusal("bad_input", message)


def model_error(message):
    """A failure of the model or of its code."""
    return Refusal("model_error", message)


class LoadFailure(Exception):
    """The model cannot be served at all. The message is for the person who packaged it."""


class Interrupted(BaseException):
    """SIGINT during a prediction: the request took longer than it may. No `except Exception` of a model's code catches it."""
