"""What keeps the stack from running, as one sentence for the person at the terminal."""


class StackProblem(Exception):
    """Shown as it is, without a traceback; never answered over HTTP."""
